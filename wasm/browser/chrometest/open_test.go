package chrometest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// load opens the page, and waits until it can open stores.
func load(t testing.TB, address string) *Page {
	t.Helper()
	p := chromium(t).New(t)
	p.Load(address)
	p.Wait(within("engine") + "?.dataset.state === 'ready'")
	return p
}

// opened opens the page with a store dropped on it.
func opened(t testing.TB, dir string) *Page {
	t.Helper()
	p := load(t, site(t).URL)
	p.Drop(dir)
	p.Wait(within("summary") + " || " + within("failure"))
	return p
}

// next closes the open store and drops another.
func next(t testing.TB, p *Page, dir string) {
	t.Helper()
	Eval[bool](p, "(document.querySelector('[data-test=close]')?.click(), true)")
	p.Wait(within("open"))
	Eval[bool](p, "(document.querySelector('[data-test=failure]')?.setAttribute('data-old', ''), true)")
	p.Drop(dir)
	p.Wait(within("summary") + " || document.querySelector('[data-test=failure]:not([data-old])')")
}

// summary compares the first thing one sees of a store with native answers.
func summary(t testing.TB, p *Page, dir string) {
	t.Helper()
	r := reader(t, dir)
	ctx := t.Context()
	report := r.Report()
	entities := all(t, r.Entities(ctx, "", host.NamePage{}))
	scopes := all(t, r.Scopes(ctx, "", host.NamePage{}))
	kinds := all(t, r.Kinds(ctx))
	p.WaitText("summary-events", count(report.Events))
	p.WaitText("summary-entities", count(len(entities)))
	p.WaitText("summary-scopes", count(len(scopes)))
	p.WaitText("summary-kinds", count(len(kinds)))
	p.WaitText("summary-segments", count(report.Segments))
	require.Contains(t, p.Text("report-opened"), string(report.OpenedFrom))
	require.Equal(t, len(report.Rejected), len(Eval[[]string](p, `[...document.querySelectorAll('[data-test^="report-rejected-"]')].map((e) => e.textContent)`)))
}

// TestOpen: every way to open a store, from a file and from a server for static files, shows
// the native answers, and the page makes no request to another machine.
func TestOpen(t *testing.T) {
	t.Parallel()
	s := site(t)
	dir := fixture(t, "rotated")
	var files []string
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		files = append(files, filepath.Join(dir, e.Name()))
	}
	for _, address := range []string{s.File, s.URL} {
		p := load(t, address)
		for _, open := range []func(){
			func() { p.Drop(dir) },
			func() { p.Drop(filepath.Dir(dir)) }, // the folder above it
			func() { p.Drop(files...) },
			func() { p.Choose(Test("input-folder"), dir) },
			func() { p.Choose(Test("input-files"), files...) },
		} {
			open()
			summary(t, p, dir)
			p.Click(Test("close"))
			p.Wait(within("open"))
		}
		// Another store, dropped on an open one.
		p.Drop(dir)
		p.WaitText("summary-events", "48")
		p.Drop(fixture(t, "batch"))
		summary(t, p, fixture(t, "batch"))
		require.Equal(t, []string{address}, p.Requests())
	}
	require.Empty(t, chromium(t).Asked())
}

// TestNoStore: what is not a store gives a sentence, and the page can open the next one.
func TestNoStore(t *testing.T) {
	t.Parallel()
	p := load(t, site(t).URL)
	empty := t.TempDir()
	p.Drop(empty)
	require.Contains(t, p.Text("failure-text"), "is empty")
	other := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(other, "notes.txt"), []byte("x"), 0o666))
	p.Drop(other)
	p.Wait(within("failure-text") + "?.textContent.includes('is not a store')")
	p.Drop(filepath.Join(other, "notes.txt"))
	p.Wait(within("failure-text") + "?.textContent.includes('none of them named')")
	p.Drop(fixture(t, "rotated"))
	p.WaitText("summary-events", "48")
}

// TestSample: the store in the page is the one that the program beside it writes.
func TestSample(t *testing.T) {
	t.Parallel()
	s := site(t)
	dir := filepath.Join(t.TempDir(), "sample")
	require.NoError(t, run(s.root, "go", "run", "./wasm/browser/sample", "-o", dir))
	p := load(t, s.File)
	p.Click(Test("open-sample"))
	summary(t, p, dir)
}

// inspect starts thaw inspect, and returns the address of its page and what ends it.
func inspect(t testing.TB, dir string) (address string, stop func()) {
	c := exec.Command(command(t), "inspect", "--no-browser", dir)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	var stderr strings.Builder
	c.Stderr = &stderr
	require.NoError(t, c.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line), func() {
		require.NoError(t, c.Process.Signal(os.Interrupt))
		require.NoError(t, c.Wait(), &stderr)
	}
}

// TestInspect: thaw inspect serves the page with a store open, and the page asks for nothing but
// the listing and the files.
func TestInspect(t *testing.T) {
	t.Parallel()
	dir := shop(t, 5)
	address, stop := inspect(t, dir)
	defer stop()
	p := chromium(t).New(t)
	p.Load(address)
	summary(t, p, dir)
	verified(t, p, dir)
	for _, request := range p.Requests() {
		require.True(t, strings.HasPrefix(request, address), request)
	}
	// Another address of the same server has nothing.
	root := address[:strings.LastIndex(strings.TrimSuffix(address, "/"), "/")+1]
	p.Expect("404")
	p.Load(root + "AAAAAAAAAAAAAAAAAAAAAAAAAA/store/")
	require.Equal(t, "not found", strings.TrimSpace(Eval[string](p, "document.body.textContent")))
}
