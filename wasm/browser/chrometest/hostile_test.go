package chrometest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/internal/madestore"
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
	long := strings.Repeat("<i>\u202e", event.MaxName/6)
	add(long, long, long, map[string]string{"trap": long})
	require.NoError(t, s.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "<img src=x onerror=canary('file')>\u202e"), nil, 0o666))
	return dir
}

// harmful is a function that lists the texts of a store that became elements, or hide others.
const harmful = `testing.harmful = async () => {
	await testing.frame()
	const found = [...document.querySelectorAll('img, iframe, object, embed, b, i, script[src], svg[onload], [onerror], [onload], [onmouseover], a[href^="javascript:"]')].map((e) => e.outerHTML)
	const raw = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT)
	for (let n = walker.currentNode; n; n = walker.nextNode()) {
		if (n.nodeType === Node.TEXT_NODE) {
			if (raw.test(n.data) && !n.parentElement.closest('script, style')) found.push('text ' + JSON.stringify(n.data.slice(0, 100)) + ' in ' + n.parentElement.outerHTML.slice(0, 100))
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
}
// event goes to an event and through parts of it.
testing.event = async (id, parts) => {
	const found = [], one = testing.one
	location.hash = '#/event?event=' + id
	for (let tries = 0; !await testing.until(() => one('event')?.dataset.id === id && one('event').getAttribute('aria-busy') === 'false'); tries++) {
		if (tries > 60) return ['it is not shown']
	}
	if (!one('fact-entity').innerText.trim()) found.push('no entity')
	for (const part of parts) {
		if (!one('tab-' + part) && ['json', 'hex', 'tree'].includes(part)) continue // of what is not MessagePack
		one('tab-' + part).click()
		await testing.frame()
		if (part === 'tree') one('unfold-all')?.click()
		found.push(...(await testing.harmful()).map((f) => part + ': ' + f))
	}
	return found
}
true`

// harmless fails if a text of the store became an element, or hides others.
func harmless(t testing.TB, p *Page, where string) {
	t.Helper()
	require.Empty(t, Eval[[]string](p, "testing.harmful()"), where)
}

// TestHostile: texts made to break pages are shown harmlessly in every view, wide and narrow.
func TestHostile(t *testing.T) {
	t.Parallel()
	dir := hostile(t)
	events := all(t, reader(t, dir).Query(t.Context(), host.Region{}, host.Page{}))
	for _, width := range []int64{1280, 360} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			p := load(t, site(t).URL)
			p.Size(width, 800)
			Eval[bool](p, harmful)
			p.Drop(dir)
			p.WaitText("summary-events", count(len(events)))
			for _, hash := range []string{"#/summary", "#/events", "#/lists?list=entities", "#/lists?list=scopes", "#/lists?list=kinds", "#/take"} {
				p.goTo(hash)
				p.Rest()
				harmless(t, p, hash)
			}
			for i, e := range events {
				parts := []string{"json", "hex", "tree", "chain", "bytes", "diff", "payload"}
				// Every eighth in all its parts, those without a trap of their own too; when narrow only these.
				if i%8 != 0 && i <= 2*len(traps) {
					if width == 360 {
						continue
					}
					parts = []string{"tree"}
				}
				require.Empty(t, Eval[[]string](p, "testing.event("+quote(dashed(e.ID))+", "+list(parts)+")"), "%q", e.Entity)
			}
			p.goTo("#/graph?event=" + dashed(events[10].ID))
			p.Wait("document.querySelectorAll('[data-test=graph-node]').length > 3")
			harmless(t, p, "graph")
			p.Click(Test("as-list"))
			harmless(t, p, "graph as a list")
			// A fold over them: state, event and difference at each step.
			p.goTo("#/fold")
			p.Click(Test("fold-run"))
			p.Wait(within("fold-steps"))
			for i := range 12 {
				p.Click(Test([]string{"fold-last", "fold-back", "fold-first", "fold-forward"}[i%4]))
				harmless(t, p, "fold")
			}
			if width == 360 {
				return
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
		})
	}
}

// list writes texts as an array of JavaScript.
func list(texts []string) string {
	b, err := json.Marshal(texts)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// escape writes a text as a part of a URL.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// TestNotMessagePack: a payload that is not MessagePack is shown as its bytes, and the views
// with payloads go on.
func TestNotMessagePack(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made")
	require.NoError(t, os.Mkdir(dir, 0o777))
	for name, b := range madestore.New(t, madestore.Shape{Seed: 1, PerSegment: 50, Indexed: 3, Part: 1, Tail: 1, Entities: 7, Scopes: 3}) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o666))
	}
	r := reader(t, dir)
	p := opened(t, dir)
	verified(t, p, dir)
	Eval[bool](p, harmful)
	for _, seq := range []uint64{96, 193} {
		e := all(t, r.Query(t.Context(), host.Region{}, host.Page{From: seq, Limit: 1}))[0]
		p.goTo("#/event?event=" + dashed(e.ID))
		p.shows(e.ID)
		require.Contains(t, p.Text("payload-wrong"), "MessagePack")
		require.Contains(t, strings.Join(strings.Fields(p.Text("hex")), " "), "c1")
		harmless(t, p, "an event")
		for _, tab := range []string{"chain", "bytes", "diff"} {
			p.Click(Test("tab-" + tab))
			p.Rest()
			harmless(t, p, tab)
		}
		p.goTo("#/graph?event=" + dashed(e.ID))
		p.Wait(within("graph-node"))
	}
	p.goTo("#/fold")
	p.Click(Test("fold-run"))
	p.Wait(within("fold-steps") + "?.dataset.ran === '250'")
	p.goTo("#/take")
	p.WaitText("take-events", "250 events")
	_, path := p.Download(func() { p.Click(Test("lines-download")) })
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := asObjects(t, string(b))
	require.Len(t, lines, 250)
	covers(t, asObjects(t, native(t, "query", dir, "--payloads")), lines)
	_, path = p.Download(func() { p.Click(Test("store-download")) })
	require.Equal(t, native(t, "query", dir, "--payloads"), native(t, "query", unzip(t, path), "--payloads"))
}
