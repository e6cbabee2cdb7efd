package cli

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/aferofs"
	"github.com/thawlog/thaw/host"
)

func memory() fsabstraction.FS { return aferofs.New(afero.NewMemMapFs()) }

func runWith(fs fsabstraction.ReadFS, stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := Run(context.Background(), args, Env{Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr, FS: fs})
	return result{code, stdout.String(), stderr.String()}
}

// requireRoundTrip exports a store, imports it into an empty one, and compares.
func requireRoundTrip(t *testing.T, fs fsabstraction.FS, dir string) {
	exported := run(fs, "export", dir)
	require.Equal(t, result{0, exported.stdout, ""}, exported)
	into := memory()
	got := runWith(into, exported.stdout, "import", "/copy", "--batch", "7")
	require.Zero(t, got.code, got.stderr)
	again := run(into, "export", "/copy")
	require.Equal(t, exported.stdout, again.stdout)

	want, is := readAll(t, fs, dir), readAll(t, into, "/copy")
	for i := range want {
		// The position of an event, and its number after a cancelled one.
		want[i].Position, want[i].Sequence = event.Position{}, uint64(i)
		is[i].Position = event.Position{}
	}
	require.Equal(t, want, is)
	if len(want) > 0 {
		require.Zero(t, run(into, "verify", "/copy").code)
	}
}

func readAll(t *testing.T, fs fsabstraction.ReadFS, dir string) (all []event.Full) {
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{FS: fs})
	require.NoError(t, err)
	defer r.Close()
	for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		full, err := r.Read(t.Context(), e)
		require.NoError(t, err)
		full.Payload = bytes.Clone(full.Payload)
		all = append(all, full)
	}
	return all
}

// TestRoundTripFixtures: import makes of an export the same events, hashes,
// clocks, wall_ms and payloads included.
func TestRoundTripFixtures(t *testing.T) {
	skipShort(t)
	for _, name := range fixtureNames {
		t.Run(name, func(t *testing.T) {
			p := places(t)[1]
			p.put(t, storeFiles(t, name))
			requireRoundTrip(t, p.fs, p.dir)
		})
	}
}

// TestRoundTripOwn does the same with a store of thaw's: batches, payloads in
// wide forms, a clock that goes back, and an append that was taken back.
func TestRoundTripOwn(t *testing.T) {
	fs := memory()
	s, err := host.Open(t.Context(), "/store", host.Options{FS: fs, SegmentSize: 2000})
	require.NoError(t, err)
	at, ctx := event.At("order:\n\"é", "shop"), t.Context()
	times := []int64{1790000000000999, 1780000000000001, 0, 1790000000001000}
	for i, us := range times {
		meta := map[string]string{event.MetaActor: "user:7\n", "é\u2028": strings.Repeat("v", i)}
		if i == 0 {
			meta = map[string]string{"$bin": "a key that is a spelling"}
		}
		_, err := s.Append(ctx, at, event.Data, i, host.WithTime(time.UnixMicro(us)), host.WithFlags(uint8(i&3)), host.WithMeta(event.NewMeta(meta)))
		require.NoError(t, err)
	}
	raws := []string{"\xcd\x00\x01", "\xd9\x01a", "\xdc\x00\x00", "\xd3\x00\x00\x00\x00\x00\x00\x00\x05", "\x82\xa1a\x01\xa1a\x02", "\xc7\x02\x05ab", "\xa1\xff"}
	var items []host.Item
	for i, raw := range raws {
		items = append(items, host.Item{At: event.At("raw", "shop"), Kind: 0xE001, Payload: host.Raw(raw), Options: []host.AppendOption{host.CausedByItem(max(i-1, 0))}})
	}
	items[0].Options = nil
	_, err = s.AppendBatch(ctx, items)
	require.NoError(t, err)
	_, err = s.Append(ctx, at, event.Data, 1, host.Expect(host.NoEvents))
	require.ErrorIs(t, err, host.ErrConflict)
	require.NoError(t, s.Close())
	require.Equal(t, 5, strings.Count(run(fs, "export", "/store").stdout, `"payload_raw"`))
	require.Equal(t, 4, strings.Count(run(fs, "export", "/store").stdout, `"meta"`))
	requireRoundTrip(t, fs, "/store")
}

// TestExportFilters: export takes the conditions of query, prints the events that query
// finds, and import takes them.
func TestExportFilters(t *testing.T) {
	var lines []string
	for i := range 40 {
		lines = append(lines, fmt.Sprintf(`{"entity":"order:%d","scope":"shop:%d","kind":"0x%d00%d","payload":%d,"timestamp_us":%d}`,
			i%5, i%3, 1+i%2, i%7, i, 1790000000000000+int64(i)*1_000_000))
	}
	fs := memory()
	require.Zero(t, runWith(fs, strings.Join(lines, "\n"), "import", "/s").code)
	total := 0
	for _, flags := range []string{
		"", "--entity order:3", "--prefix order:4", "--scope shop:1", "--kind 0x1002", "--category 2", "--clock 2:3", "--after 20",
		"--since 1790000010s", "--until 1790000010s", "--scope shop:1 --category 1 --clock 1: --after 7 --since 1790000012s",
		"--category 1 --kind 0x2001", "--entity nothing",
	} {
		args := strings.Fields(flags)
		exported := run(fs, append([]string{"export", "/s"}, args...)...)
		require.Equal(t, result{0, exported.stdout, ""}, exported, flags)
		ids := regexp.MustCompile(`"event_id":"[0-9a-f]+"`)
		found := run(fs, append([]string{"query", "/s"}, args...)...)
		require.Equal(t, ids.FindAllString(found.stdout, -1), ids.FindAllString(exported.stdout, -1), flags)
		got := runWith(memory(), exported.stdout, "import", "/copy")
		n := strings.Count(exported.stdout, "\n")
		require.Equal(t, fmt.Sprintf(`{"lines":%d,"appended":%d,"repeated":0}`+"\n", n, n), got.stdout)
		total += n
	}
	require.Greater(t, total, 100)
	got := run(fs, "export", "/s", "--entity", "")
	require.Equal(t, 2, got.code)
	require.Contains(t, got.stderr, "--entity is empty; omit it to select all")
}

// TestPayloadsSayWhose: a line with a payload has the event's sequence, entity and kind,
// for any payload.
func TestPayloadsSayWhose(t *testing.T) {
	for _, raw := range []string{"\x01", "\x80", "\xc0", "\x90", "\xc4\x00", "\xa1x"} {
		fs := memory()
		s, err := host.Open(t.Context(), "/s", host.Options{FS: fs})
		require.NoError(t, err)
		_, err = s.Append(t.Context(), event.At("order:1", "shop"), 0x1234, host.Raw(raw))
		require.NoError(t, err)
		require.NoError(t, s.Close())
		for _, args := range [][]string{{"dump", "/s"}, {"query", "/s", "--entity", "order:1"}, {"stream", "/s", "order:1"}} {
			line := run(fs, append(args, "--payloads")...).stdout
			for _, key := range []string{`"seq":0,`, `"entity":"order:1",`, `"kind":"0x1234",`, `"scope":"shop",`, `"clock":0,`, `"payload":`} {
				require.Contains(t, line, key, args)
			}
		}
	}
}
