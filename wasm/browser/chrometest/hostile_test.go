package chrometest

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// traps are texts that run a script, or hide what follows, in a page that takes them for HTML.
var traps = []string{
	`<img src=x onerror=canary('img')>`,
	`<script>canary('script')</script>`,
	`"><svg onload=canary('svg')>`,
	`' onmouseover='canary("attribute")' x='`,
	`javascript:canary('address')`,
	`</script></style></textarea></title><b>bold</b>`,
	"${canary('template')}`+canary('template')+`",
	`{{constructor.constructor('canary("template")')()}}`,
	`<iframe srcdoc="<script>parent.canary('frame')</script>">`,
	`__proto__`, `constructor`, `toString`, `hasOwnProperty`,
	"right\u202eto left\u2066 isolated", "zero\u200bwidth\u200d\ufeff", "line\u2028and paragraph\u2029",
	"tab\tand\nline\rfeed", "bell\x07 escape\x1b[31mred", "\u0000null", "del\x7f\u0085",
	"combining" + strings.Repeat("\u0301", 200), strings.Repeat("wide", 250), "العربية", "𝒳😀", "%00%2e%2e/", "../../etc", `\u0041`, "&lt;b&gt;",
}

// hostile writes a store of texts made to break a page.
func hostile(t testing.TB) string {
	dir := filepath.Join(t.TempDir(), "<img src=x onerror=canary('folder')>\u202e")
	kinds := map[event.Kind]string{0x1001: "<img/src=x/onerror=canary('kind')>", 0x1002: "__proto__", 0x1003: "constructor"}
	s := open(t, dir, host.Options{KindNames: kinds})
	var last event.ID
	n := 0
	add := func(entity, scope string, value any, meta map[string]string) {
		options := []host.AppendOption{host.WithMeta(event.NewMeta(meta))}
		if !last.IsZero() {
			options = append(options, host.CausedBy(last))
		}
		r, err := s.Append(t.Context(), event.At(entity, scope), event.Kind(0x1001+n%3), value, options...)
		require.NoError(t, err, "%q", entity)
		last = r.ID
		n++
	}
	for _, trap := range traps {
		add(trap, "scope "+trap, object{trap: trap, "list": []any{trap, object{trap: 1}}}, map[string]string{"trap": trap})
		add(trap, "s", []any{trap, len(trap)}, nil)
	}
	deep := any("the bottom <b>")
	for range 63 {
		deep = object{"<i>deep</i>": deep}
	}
	add("deep", "s", deep, nil)
	add("large", "s", object{"text": strings.Repeat("<b>\u202e", 1<<20/6), "list": make([]int, 100_000)}, nil)
	add("large", "s", object{"text": strings.Repeat("<b>\u202e", 1<<20/6+1), "list": make([]int, 100_001)}, nil)
	twice := host.Raw{0x83, 0xa1, 'k', 1, 0xa1, 'k', 2, 0xa9, '_', '_', 'p', 'r', 'o', 't', 'o', '_', '_', 0x81, 0xa8, 'p', 'o', 'l', 'l', 'u', 't', 'e', 'd', 0xc3}
	add("keys", "s", twice, nil)
	add("numbers", "s", host.Raw{0x94, 0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0, 0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0, 0xca, 0xff, 0x80, 0, 0}, nil)
	require.NoError(t, s.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "<img src=x onerror=canary('file')>\u202e"), nil, 0o666))
	return dir
}

// harmless fails if a text of the store became an element, or hides others.
func harmless(t testing.TB, p *Page, where string) {
	t.Helper()
	found := Eval[[]string](p, `(async () => {
		for (let i = 0; i < 2; i++) await new Promise((done) => requestAnimationFrame(done))
		const found = [...document.querySelectorAll('img, iframe, object, embed, b, i, script[src], svg[onload], [onerror], [onload], [onmouseover], a[href^="javascript:"]')].map((e) => e.outerHTML)
		const raw = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/
		const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT)
		for (let n = walker.currentNode; n; n = walker.nextNode()) {
			if (n.parentElement?.closest('script, style')) continue
			if (n.nodeType === Node.TEXT_NODE) {
				if (raw.test(n.data)) found.push('text ' + JSON.stringify(n.data.slice(0, 100)) + ' in ' + n.parentElement.outerHTML.slice(0, 100))
				continue
			}
			for (const name of ['title', 'aria-label', 'aria-valuetext', 'placeholder', 'alt']) {
				if (raw.test(n.getAttribute?.(name) ?? '')) found.push(name + ' ' + JSON.stringify(n.getAttribute(name).slice(0, 100)))
			}
		}
		if (raw.test(document.title)) found.push('title ' + JSON.stringify(document.title))
		if (Object.prototype.polluted !== undefined || Object.keys(Object.prototype).length > 0) found.push('a prototype was changed')
		if (document.documentElement.scrollWidth > innerWidth) found.push('the page is ' + document.documentElement.scrollWidth + ' wide')
		return found
	})()`)
	require.Empty(t, found, where)
}

// TestHostile: texts made to break pages are shown harmlessly in every view, wide and narrow.
func TestHostile(t *testing.T) {
	dir := hostile(t)
	events := all(t, reader(t, dir).Query(t.Context(), host.Region{}, host.Page{}))
	p := load(t, site(t).URL)
	p.Drop(dir)
	p.Wait(within("summary"))
	p.WaitText("summary-events", count(len(events)))
	for _, width := range []int64{1280, 360} {
		p.Size(width, 800)
		for _, hash := range []string{"#/summary", "#/events", "#/lists?list=entities", "#/lists?list=scopes", "#/lists?list=kinds", "#/take"} {
			p.goTo(hash)
			Eval[bool](p, "new Promise((done) => setTimeout(() => done(true), 150))")
			harmless(t, p, hash)
		}
		for i, e := range events {
			// Every eighth in all its parts, those without a trap of their own too; when narrow only these.
			whole := i%8 == 0 || i > 2*len(traps)
			if width == 360 && !whole {
				continue
			}
			p.goTo("#/event?event=" + dashed(e.ID))
			facts := p.shows(e.ID)
			require.NotEmpty(t, facts["entity"])
			if !whole {
				p.Click(Test("unfold-all"))
				harmless(t, p, e.Entity)
				continue
			}
			for _, tab := range []string{"json", "hex", "tree"} {
				if !p.Has(Test("tab-" + tab)) { // of what is not MessagePack
					continue
				}
				p.Click(Test("tab-" + tab))
				if tab == "tree" {
					p.Click(Test("unfold-all"))
				}
				harmless(t, p, e.Entity+" "+tab)
			}
			for _, tab := range []string{"chain", "bytes", "diff", "payload"} {
				p.Click(Test("tab-" + tab))
				harmless(t, p, e.Entity+" "+tab)
			}
		}
		p.goTo("#/graph?event=" + dashed(events[10].ID))
		p.Wait("document.querySelectorAll('[data-test=graph-node]').length > 3")
		harmless(t, p, "graph")
		p.Click(Test("as-list"))
		harmless(t, p, "graph as a list")
	}
	// As filters, from the address and from the field.
	for _, trap := range traps {
		p.goTo("#/events?entity=" + escape(trap) + "&scope=" + escape("scope "+trap))
		p.Wait(within("total"))
		harmless(t, p, "filter "+trap)
		p.goTo("#/" + escape(trap) + "?event=" + escape(trap) + "&kind=" + escape(trap) + "&since=" + escape(trap) + "&" + escape(trap) + "=" + escape(trap))
		harmless(t, p, "address "+trap)
	}
	p.goTo("#/events")
	for _, trap := range traps[:6] {
		p.Type(Test("filter"), trap)
		p.Wait(within("suggestions") + "?.children.length > 0")
		harmless(t, p, "typed "+trap)
	}
}

// escape writes a text as a part of a URL.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
