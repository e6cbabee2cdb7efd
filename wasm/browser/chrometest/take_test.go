package chrometest

import (
	"archive/zip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/payload"
	"github.com/thawlog/thaw/host"
)

// native runs the command thaw.
func native(t testing.TB, args ...string) string {
	out, err := exec.Command(command(t), args...).Output()
	require.NoError(t, err, args)
	return string(out)
}

// unzip unpacks a store from a zip, and returns its directory: the only folder in it.
func unzip(t testing.TB, path string) string {
	r, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer r.Close()
	dir := t.TempDir()
	folder := ""
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		require.True(t, filepath.IsLocal(f.Name), f.Name)
		folder = filepath.Join(dir, filepath.Dir(f.Name))
		require.NoError(t, os.MkdirAll(folder, 0o777))
		in, err := f.Open()
		require.NoError(t, err)
		b, err := io.ReadAll(in)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), b, 0o666))
	}
	require.NotEmpty(t, folder)
	return folder
}

// sound fails if the native check finds a damage in a store.
func sound(t testing.TB, dir string) {
	t.Helper()
	f, err := host.Verify(t.Context(), dir, host.ReaderOptions{Logger: quiet}, nil)
	require.NoError(t, err)
	require.Empty(t, f.Damages)
}

// asObjects reads lines of JSON, without what is not in the events themselves.
func asObjects(t testing.TB, lines string) (all []map[string]any) {
	d := json.NewDecoder(strings.NewReader(lines))
	for d.More() {
		one := map[string]any{}
		require.NoError(t, d.Decode(&one))
		delete(one, "kind_name")
		all = append(all, one)
	}
	return all
}

// covers fails unless each object has all that the native one has. The page's lines are those
// of thaw get, which has more keys.
func covers(t testing.TB, want, got []map[string]any) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		for key, value := range want[i] {
			require.Equal(t, value, got[i][key], "%d: %s", i, key)
		}
	}
}

// TestTake: the filtered events as lines are those of the native command, and as a store it is
// one that native code opens and finds sound, with the same events.
func TestTake(t *testing.T) {
	t.Parallel()
	dir := shop(t, 100)
	p := opened(t, dir)
	p.goTo("#/take?prefix=order:&kind=0x1002")
	p.WaitText("take-events", "100 events")

	name, path := p.Download(func() { p.Click(Test("lines-download")) })
	require.Equal(t, "shop.ndjson", name)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.SplitAfter(strings.TrimSuffix(string(b), "\n"), "\n")
	want := all(t, reader(t, dir).Query(t.Context(), host.Region{EntityPrefix: "order:", Kinds: event.Only(paid)}, host.Page{}))
	require.Len(t, lines, len(want))
	covers(t, asObjects(t, native(t, "query", dir, "--prefix", "order:", "--kind", "0x1002", "--payloads")), asObjects(t, string(b)))
	for _, i := range []int{0, 50, 99} {
		require.Equal(t, asObjects(t, native(t, "get", dir, want[i].ID.String())), asObjects(t, lines[i]))
	}

	name, path = p.Download(func() { p.Click(Test("store-download")) })
	require.Equal(t, "shop-extract.zip", name)
	extract := unzip(t, path)
	sound(t, extract)
	r := reader(t, extract)
	got := all(t, r.Query(t.Context(), host.Region{}, host.Page{}))
	require.Len(t, got, len(want))
	for i, e := range want {
		e.Position, got[i].Position = event.Position{}, event.Position{}
		require.Equal(t, e, got[i])
	}
	// Payloads and metadata, byte for byte, and the names of the kinds.
	require.Equal(t, native(t, "query", dir, "--prefix", "order:", "--kind", "0x1002", "--payloads"), native(t, "query", extract, "--payloads"))
	require.Contains(t, native(t, "kinds", extract), "order.paid")

	// The whole store, and a part with causes and metadata, by time.
	for _, c := range []struct{ hash, flags string }{
		{"", ""},
		{"?scope=shop:us&kind=0x2001", "--scope shop:us --kind 0x2001"},
		{"?from=30&to=77", "--after 29 --before 77"},
	} {
		p.goTo("#/take" + c.hash)
		flags := append([]string{"query", dir, "--payloads"}, strings.Fields(c.flags)...)
		want := native(t, flags...)
		p.WaitText("take-events", count(strings.Count(want, "\n"))+" events")
		_, path := p.Download(func() { p.Click(Test("lines-download")) })
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		covers(t, asObjects(t, want), asObjects(t, string(b)))
		_, path = p.Download(func() { p.Click(Test("store-download")) })
		extract := unzip(t, path)
		sound(t, extract)
		require.Equal(t, want, native(t, "query", extract, "--payloads"), c.hash)
	}
}

// TestScratch: events appended in the page are there at once, in every view; the store in the
// zip is sound natively, and native code appends to it.
func TestScratch(t *testing.T) {
	t.Parallel()
	for _, address := range []string{site(t).File, site(t).URL} {
		p := load(t, address)
		p.Click(Test("open-scratch"))
		p.Click(Test("scratch-empty"))
		add := func(entity, kind, payload, cause string) string {
			before := Eval[int](p, "document.querySelectorAll('[data-test=scratch-log] li').length")
			p.Type(Test("scratch-entity"), entity)
			p.Type(Test("scratch-scope"), "shop:eu")
			p.Type(Test("scratch-kind"), kind)
			p.Type(Test("scratch-payload"), payload)
			p.Type(Test("scratch-cause"), cause)
			p.Click(Test("scratch-append"))
			p.Wait("document.querySelectorAll('[data-test=scratch-log] li').length === " + count(before+1))
			return Eval[string](p, "document.querySelector('[data-test=scratch-log] li').dataset.id")
		}
		p.Wait(within("scratch-form"))
		first := add("order:1", "0x1001", `{"items":["<b>tea</b>"],"cents":12345678901234567}`, "")
		second := add("order:1", "0x1002", `{"cents":1250}`, first)
		add("parcel:1", "0x2001", `null`, second)

		// A mistake is said at its field, and nothing is written.
		p.Type(Test("scratch-payload"), `{"cents":`)
		p.Click(Test("scratch-append"))
		p.Wait(within("scratch-wrong-payload"))

		p.Click(Test("nav-events"))
		p.settled(3)
		require.Equal(t, []string{"0", "1", "2"}, []string{p.rows()[0].Seq, p.rows()[1].Seq, p.rows()[2].Seq})
		p.goTo("#/lists?list=entities")
		p.Wait("document.querySelectorAll('[data-test=line]').length === 2")
		p.goTo("#/graph?event=" + second)
		p.Wait("document.querySelectorAll('[data-test=graph-node]').length === 3")
		p.Click(Test("nav-scratch"))

		_, path := p.Download(func() { p.Click(Test("scratch-download")) })
		dir := unzip(t, path)
		sound(t, dir)
		r := reader(t, dir)
		events := all(t, r.Query(t.Context(), host.Region{}, host.Page{}))
		require.Len(t, events, 3)
		require.Equal(t, events[1].ID, events[2].Causation)
		require.Equal(t, strings.ReplaceAll(first, "-", ""), events[0].ID.String())
		full, err := r.Read(t.Context(), events[0])
		require.NoError(t, err)
		text, err := payload.AppendJSON(nil, full.Payload)
		require.NoError(t, err)
		require.JSONEq(t, `{"items":["<b>tea</b>"],"cents":12345678901234567}`, string(text))
		native(t, "append", dir, "--entity", "order:1", "--scope", "shop:eu", "--kind", "0x1002", "--payload", "1")
		sound(t, dir)

		// What was downloaded opens in the page too.
		p.Click(Test("close"))
		p.Wait(within("open"))
		p.Drop(dir)
		p.WaitText("summary-events", "4")
	}
}

// TestScratchMissing: without the file beside the page the page says so.
func TestScratchMissing(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(site(t).Dir, "inspector.html"))
	require.NoError(t, err)
	alone := filepath.Join(t.TempDir(), "inspector.html")
	require.NoError(t, os.WriteFile(alone, b, 0o666))
	p := load(t, "file://"+alone)
	p.Expect("ERR_FILE_NOT_FOUND")
	p.Click(Test("open-scratch"))
	p.Click(Test("scratch-empty"))
	p.Wait("document.body.innerText.includes('scratch.js')")
}
