package chrometest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// axe returns the program that looks for what some people cannot read or use.
func axe(t testing.TB) string {
	b, err := os.ReadFile(filepath.Join(site(t).root, "wasm", "browser", "page", "node_modules", "axe-core", "axe.min.js"))
	require.NoError(t, err, "npm ci in wasm/browser/page fetches it")
	return string(b)
}

// view is a view of the page, and what to wait for.
type view struct{ name, hash, ready string }

// views are all of them, of a store with events.
func views(t testing.TB, dir string) []view {
	events := all(t, reader(t, dir).Query(t.Context(), host.Region{}, host.Page{Limit: 60}))
	id := dashed(events[len(events)/2].ID)
	return []view{
		{"summary", "#/summary", within("summary-entities")},
		{"events", "#/events", within("total") + "?.dataset.total"},
		{"events-filtered", "#/events?prefix=order:&kind=0x1001,0x1002", within("chip-prefix")},
		{"events-none", "#/events?entity=none", within("no-events")},
		{"entities", "#/lists?list=entities", within("line")},
		{"scopes", "#/lists?list=scopes", within("line")},
		{"kinds", "#/lists?list=kinds", within("line")},
		{"events-chosen", "#/events?event=" + id, "document.querySelector('[aria-selected=true]')"},
		{"event", "#/event?event=" + id, within("event") + "?.dataset.id"},
		{"event-chain", "#/event?part=chain&event=" + id, within("chain")},
		{"event-bytes", "#/event?part=bytes&event=" + id, within("frame-bytes")},
		{"event-diff", "#/event?part=diff&event=" + id, within("diff") + "||" + within("diff-none")},
		{"event-missing", "#/event?event=01020304-0506-0708-090a-0b0c0d0e0f10", within("failure")},
		{"graph", "#/graph?event=" + id, within("graph-node")},
		{"graph-choose", "#/graph", within("graph-id")},
		{"fold", "#/fold", within("fold")},
		{"take", "#/take", within("take-events")},
		{"scratch", "#/scratch", within("scratch")},
	}
}

// visit goes through the view of a store, the first page, and the dialogs.
func visit(t testing.TB, p *Page, dir string, do func(name string)) {
	t.Helper()
	next(t, p, dir)
	for _, v := range views(t, dir) {
		p.goTo(v.hash)
		p.Wait(v.ready)
		p.Rest()
		do(v.name)
	}
	p.goTo("#/fold")
	p.Click(Test("fold-run"))
	p.Wait(within("fold-steps"))
	p.Click(Test("fold-last"))
	do("fold-run")
	p.goTo("#/summary")
	p.Click(Test("verify"))
	p.Wait(within("verdict") + "?.dataset.state === 'done'")
	do("summary-verified")
	p.Click(Test("help"))
	p.Wait("document.querySelector('dialog[open]')")
	do("help")
	Eval[bool](p, "(document.querySelector('dialog[open]').close(), true)")
	p.Click(Test("close"))
	p.Wait(within("open"))
	do("open")
}

// TestAxe: contrast, labels, roles and names of every view, light and dark, wide and narrow.
func TestAxe(t *testing.T) {
	t.Parallel()
	dir := copyStore(t, shop(t, 40))
	flip(t, filepath.Join(dir, "000001.fbat"), 5_000)
	// Colours are all that a dark scheme changes, and places all that the width does.
	const all = "{ type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }"
	for _, c := range []struct {
		scheme string
		width  int64
		only   string
		except string // rules
	}{
		{"light", 1280, all, ""},
		{"light", 360, all, "'color-contrast': { enabled: false },"},
		{"dark", 1280, "{ type: 'rule', values: ['color-contrast'] }", ""},
	} {
		t.Run(fmt.Sprintf("%s, %d wide", c.scheme, c.width), func(t *testing.T) {
			t.Parallel()
			p := load(t, site(t).URL)
			// The policy of the page does not let a script in, the protocol does.
			Eval[bool](p, axe(t)+";true")
			p.Scheme(c.scheme)
			p.Size(c.width, 800)
			visit(t, p, dir, func(name string) {
				found := Eval[[]string](p, `axe.run(document, { resultTypes: ['violations'], runOnly: `+c.only+`, rules: {
					`+c.except+`
				} })
					.then((r) => r.violations.flatMap((v) => v.nodes.slice(0, 4).map((n) => v.id + ' ' + n.target + ': ' + n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? n.all[0]?.message ?? ''))))`)
				for _, f := range found {
					t.Errorf("%s: %s", name, f)
				}
				if wide := Eval[int](p, "document.documentElement.scrollWidth"); wide > int(c.width) {
					t.Errorf("%s: %d wide", name, wide)
				}
			})
		})
	}
}
