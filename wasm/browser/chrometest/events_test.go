package chrometest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// go opens a view by its hash.
func (p *Page) goTo(hash string) {
	p.t.Helper()
	Eval[string](p, "location.hash = "+quote(hash))
}

// row is a row of the table.
type row struct {
	Seq  string
	ID   string
	Text string
}

// rows returns the rows of the table that are there, in their order.
func (p *Page) rows() []row {
	p.t.Helper()
	return Eval[[]row](p, `[...document.querySelectorAll('[data-test=table] [role=row][data-seq]')]
		.sort((a, b) => Number(a.getAttribute('aria-rowindex')) - Number(b.getAttribute('aria-rowindex')))
		.map((e) => ({ Seq: e.dataset.seq, ID: e.dataset.id, Text: e.innerText.replaceAll(/\s+/g, ' ').trim() }))`)
}

// settled waits until the number of events is this one and no visible row is missing.
func (p *Page) settled(total int) {
	p.t.Helper()
	p.Wait(within("total") + "?.dataset.total === '" + fmt.Sprint(total) + "'")
	if total > 0 {
		p.Wait("document.querySelector('[data-test=table] [data-seq]') && !document.querySelector('[data-test=table] .missing')")
	}
}

// same compares the table with what a native query returns, from its first row on, and then at
// its end.
func (p *Page) same(want []event.Event) {
	p.t.Helper()
	p.settled(len(want))
	if len(want) == 0 {
		require.True(p.t, p.Has(Test("no-events")))
		return
	}
	compare := func(want []event.Event, got []row) {
		p.t.Helper()
		for i := range min(len(want), len(got)) {
			require.Equal(p.t, fmt.Sprint(want[i].Sequence), got[i].Seq)
			require.Equal(p.t, want[i].ID.String(), strings.ReplaceAll(got[i].ID, "-", ""))
			require.Contains(p.t, got[i].Text, want[i].Entity)
			require.Contains(p.t, got[i].Text, want[i].Scope)
		}
	}
	got := p.rows()
	require.GreaterOrEqual(p.t, len(got), min(len(want), 5))
	compare(want, got)
	Eval[bool](p, within("table")+".focus(), true")
	p.Key(kb.End)
	last := fmt.Sprint(want[len(want)-1].Sequence)
	p.Wait("document.querySelector('[data-test=table] [data-seq=\"" + last + "\"]')")
	p.settled(len(want))
	got = p.rows()
	compare(want[len(want)-len(got):], got)
}

// TestFilters: every filter, by the page's address, has the events of the native query.
func TestFilters(t *testing.T) {
	t.Parallel()
	dir := shop(t, 200)
	r := reader(t, dir)
	p := opened(t, dir)
	ms := func(minutes int) int64 { return began.Add(time.Duration(minutes) * time.Minute).UnixMilli() }
	kinds := func(k ...event.Kind) event.Kinds { return event.AnyOf(k...) }
	for _, c := range []struct {
		hash   string
		region host.Region
		page   host.Page
	}{
		{"", host.Region{}, host.Page{}},
		{"entity=order:0007", host.Region{Entity: "order:0007"}, host.Page{}},
		{"entity=note:1", host.Region{Entity: "note:1"}, host.Page{}},
		{"entity=none", host.Region{Entity: "none"}, host.Page{}},
		{"prefix=parcel:", host.Region{EntityPrefix: "parcel:"}, host.Page{}},
		{"prefix=order:00&kind=0x1002", host.Region{EntityPrefix: "order:00", Kinds: kinds(paid)}, host.Page{}},
		{"scope=shop:eu", host.Region{Scope: "shop:eu"}, host.Page{}},
		{"scope=shop:eu:north&kind=0x2001,0x3001", host.Region{Scope: "shop:eu:north", Kinds: kinds(sent, unnamed)}, host.Page{}},
		{"kind=0x1001", host.Region{Kinds: kinds(placed)}, host.Page{}},
		{"kind=0x1001,0x2001", host.Region{Kinds: kinds(placed, sent)}, host.Page{}},
		{"from=100&to=133", host.Region{}, host.Page{From: 100, To: 133}},
		{fmt.Sprintf("since=%d", ms(300)), host.Region{Since: began.Add(300 * time.Minute)}, host.Page{}},
		{fmt.Sprintf("since=%d&until=%d&prefix=order:", ms(60), ms(90)), host.Region{EntityPrefix: "order:", Since: began.Add(60 * time.Minute), Until: began.Add(90 * time.Minute)}, host.Page{}},
		{fmt.Sprintf("until=%d&scope=shop:us", ms(40)), host.Region{Scope: "shop:us", Until: began.Add(40 * time.Minute)}, host.Page{}},
	} {
		t.Run(c.hash, func(t *testing.T) {
			p.of(t)
			p.goTo("#/events?" + c.hash)
			p.same(all(t, r.Query(t.Context(), c.region, c.page)))
		})
	}
}

// TestFilterField: what a user types completes to entities, scopes, kinds, times and ids.
func TestFilterField(t *testing.T) {
	t.Parallel()
	dir := shop(t, 200)
	r := reader(t, dir)
	query := func(region host.Region) []event.Event { return all(t, r.Query(t.Context(), region, host.Page{})) }
	p := opened(t, dir)
	p.Click(Test("nav-events"))
	p.same(query(host.Region{}))
	take := func(text, key string) {
		p.Type(Test("filter"), text)
		p.Wait(within(key))
		p.Click(Test(key))
	}
	take("order:004", "suggest-prefix")
	p.same(query(host.Region{EntityPrefix: "order:004"}))
	p.Key("/")
	take("order:0042", "suggest-entity-order:0042")
	p.same(query(host.Region{Entity: "order:0042"}))
	require.Contains(t, Eval[string](p, "location.hash"), "entity=order:0042")
	p.Click(Test("clear"))
	take("shop:e", "suggest-scope-shop:eu")
	take("order.pai", "suggest-kind-4098")
	p.same(query(host.Region{Scope: "shop:eu", Kinds: event.Only(paid)}))
	take("0x2001", "suggest-kind-8193")
	p.same(query(host.Region{Scope: "shop:eu", Kinds: event.AnyOf(paid, sent)}))
	p.Click(Test("chip-scope") + " button")
	p.same(query(host.Region{Kinds: event.AnyOf(paid, sent)}))
	p.Click(Test("clear"))
	take("2026-03-01 10:00", "suggest-since")
	p.same(query(host.Region{Since: began.Add(time.Hour)}))
	p.Click(Test("clear"))

	// The kinds to tick, and times to type.
	p.Click(Test("kinds"))
	p.Click(`[data-kind="0x1001"]`)
	p.same(query(host.Region{Kinds: event.Only(placed)}))
	p.Key(kb.Escape)
	p.Click(Test("times"))
	p.Type(Test("since"), "2026-03-01 10:00")
	p.Type(Test("until"), "2026-03-01 11:30")
	p.Click(Test("times-apply"))
	p.same(query(host.Region{Kinds: event.Only(placed), Since: began.Add(time.Hour), Until: began.Add(150 * time.Minute)}))
	p.Click(Test("clear"))

	// An id and a sequence are places in the table.
	one := query(host.Region{})[333]
	take(one.ID.String(), "suggest-id")
	p.Wait("document.querySelector('[data-seq=\"333\"][aria-selected=true]')")
	take("17", "suggest-seq")
	p.Wait("document.querySelector('[data-seq=\"17\"]')")
}

// TestBrush: a part of the timeline dragged over is a filter by time, and has the native events.
func TestBrush(t *testing.T) {
	t.Parallel()
	dir := shop(t, 300)
	r := reader(t, dir)
	p := opened(t, dir)
	p.Click(Test("nav-events"))
	p.settled(int(r.Report().Events))
	p.Wait(within("timeline") + ".dataset.events === '" + fmt.Sprint(r.Report().Events) + "'")
	p.Drag(Test("plot"), 0.25, 0.5)
	p.Wait("location.hash.includes('since=') && location.hash.includes('until=')")
	times := Eval[[]int64](p, "['since', 'until'].map((k) => Number(new URLSearchParams(location.hash.split('?')[1]).get(k)))")
	since, until := time.UnixMilli(times[0]).UTC(), time.UnixMilli(times[1]).UTC()
	want := all(t, r.Query(t.Context(), host.Region{Since: since, Until: until}, host.Page{}))
	events := float64(r.Report().Events)
	require.InDelta(t, events/4, float64(len(want)), events/8, "a quarter was dragged over")
	p.same(want)
	p.Click(Test("zoom-all"))
	p.settled(int(events))
}

// TestTimeline: each column has the native numbers of events, by kind too.
func TestTimeline(t *testing.T) {
	t.Parallel()
	dir := shop(t, 150)
	events := all(t, reader(t, dir).Query(t.Context(), host.Region{Scope: "shop:eu"}, host.Page{}))
	p := opened(t, dir)
	p.goTo("#/events?scope=shop:eu")
	p.Wait(within("timeline") + "?.dataset.events === '" + fmt.Sprint(len(events)) + "'")
	p.Rest()
	type column struct {
		Text  string
		Kinds map[string]string
	}
	columns := Eval[[]column](p, `(async () => {
		const plot = testing.one('plot'), box = plot.getBoundingClientRect()
		const n = Number(document.querySelector('[role=slider]').getAttribute('aria-valuemax')) + 1
		const all = []
		for (let i = 0; i < n; i++) {
			plot.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX: box.x + box.width * (i + 0.5) / n, clientY: box.y + 5 }))
			await testing.frame()
			all.push({ Text: testing.one('timeline-text').textContent, Kinds: Object.fromEntries([...document.querySelectorAll('[data-test=legend] [data-kind]')].map((e) => [e.dataset.kind, e.querySelector('.softer').textContent])) })
		}
		return all
	})()`)
	require.Greater(t, len(columns), 20)
	begins := func(i int) time.Time {
		text, _, _ := strings.Cut(columns[i].Text, " · ")
		at, err := time.Parse("2006-01-02 15:04:05.000", text)
		require.NoError(t, err)
		return at
	}
	width := begins(1).Sub(begins(0))
	sum := 0
	for i, c := range columns {
		from := begins(i)
		require.Equal(t, begins(0).Add(time.Duration(i)*width), from)
		n, kinds := 0, map[string]int{}
		for _, e := range events {
			if at := time.UnixMilli(int64(e.WallMS)); !at.Before(from) && at.Before(from.Add(width)) {
				n++
				kinds[fmt.Sprint(uint16(e.Kind))]++
			}
		}
		sum += n
		require.Regexp(t, " "+fmt.Sprint(n)+" events?$", c.Text)
		for kind, shown := range c.Kinds {
			require.Equal(t, fmt.Sprint(kinds[kind]), shown, "%s: %s", c.Text, kind)
		}
	}
	require.Equal(t, len(events), sum)
}

// TestShare: a view is a link: a new tab with the same address shows the same, once the store
// is dropped on it; and with thaw inspect, and after the store grew.
func TestShare(t *testing.T) {
	t.Parallel()
	dir := shop(t, 100)
	r := reader(t, dir)
	want := all(t, r.Query(t.Context(), host.Region{EntityPrefix: "order:", Kinds: event.Only(paid)}, host.Page{}))
	chosen := `[data-test=table] [data-seq="` + fmt.Sprint(want[3].Sequence) + `"]`
	served, stop := inspect(t, dir)
	defer stop()
	for _, c := range []struct {
		address string
		drop    bool
	}{{site(t).URL, true}, {site(t).File, true}, {served, false}} {
		arrive := func(p *Page, address string) {
			p.Load(address)
			if c.drop {
				p.Wait(within("open"))
				p.Drop(dir)
			}
		}
		p := chromium(t).New(t)
		arrive(p, c.address)
		p.Wait(within("summary"))
		p.goTo("#/events?prefix=order:&kind=0x1002")
		p.settled(len(want))
		p.Click(chosen)
		p.Wait("location.hash.includes('event=')")

		q := chromium(t).New(t)
		arrive(q, Eval[string](p, "location.href"))
		q.settled(len(want))
		q.Wait("document.querySelector(" + quote(chosen) + ")?.getAttribute('aria-selected') === 'true'")
		require.Equal(t, p.rows()[:5], q.rows()[:5])

		// Back and forward go through the views.
		p.Click(Test("nav-lists"))
		p.Wait("document.querySelector('[data-test=lines]')")
		Eval[bool](p, "(history.back(), true)")
		p.settled(len(want))

		// A link to an event, to a graph, and to one that is not in this store.
		for _, view := range []struct{ hash, shows string }{
			{"#/event?event=" + dashed(want[5].ID), within("event") + "?.dataset.id === '" + dashed(want[5].ID) + "'"},
			{"#/graph?event=" + dashed(want[5].ID), "document.querySelectorAll('[data-test=graph-node]').length > 1"},
			{"#/event?event=01020304-0506-0708-090a-0b0c0d0e0f10", within("failure") + "?.textContent.includes('No visible event')"},
		} {
			q.Load("about:blank")
			arrive(q, c.address+view.hash)
			q.Wait(view.shows)
		}
	}
}

// refresh reads the store again, and waits until the page says that it has.
func (p *Page) refresh() {
	p.t.Helper()
	p.quiet()
	p.Click(Test("refresh"))
	p.Wait(within("notices") + "?.textContent.match(/Nothing new|new event/)")
}

// quiet closes the notices.
func (p *Page) quiet() {
	p.t.Helper()
	p.Wait("(document.querySelectorAll('[data-test=notices] button').forEach((b) => b.click()), !" + within("notices") + "?.textContent)")
}

// TestGrows: while a writer has a store open, what it adds is seen in the views that are open,
// after a refresh.
func TestGrows(t *testing.T) {
	t.Parallel()
	dir := shop(t, 10)
	served, stop := inspect(t, dir)
	defer stop()
	dropped, inspected := opened(t, dir), chromium(t).New(t)
	inspected.Load(served)
	inspected.Wait(within("summary"))
	writer := open(t, dir, host.Options{KindNames: shopKinds, SegmentSize: 64 << 10})
	for i := range 3 {
		for n := range 40 {
			_, err := writer.Append(t.Context(), at("order:late", "shop:eu"), paid, object{"n": n, "text": strings.Repeat("x", 500*i)})
			require.NoError(t, err)
		}
		want := all(t, reader(t, dir).Query(t.Context(), host.Region{Entity: "order:late"}, host.Page{}))
		require.Len(t, want, 40*(i+1))
		for _, p := range []*Page{dropped, inspected} {
			p.goTo("#/events?entity=order:late")
			p.refresh()
			p.same(want)
			p.Wait(within("timeline") + "?.dataset.events === '" + fmt.Sprint(len(want)) + "'")
		}
	}
	require.NoError(t, writer.Close())
	for _, p := range []*Page{dropped, inspected} {
		p.goTo("#/summary")
		p.refresh()
		summary(t, p, dir)
		verified(t, p, dir)
	}
}

// TestKeys: the table by keyboard alone.
func TestKeys(t *testing.T) {
	t.Parallel()
	dir := shop(t, 100)
	want := all(t, reader(t, dir).Query(t.Context(), host.Region{}, host.Page{}))
	p := opened(t, dir)
	p.Click(Test("nav-events"))
	p.settled(len(want))
	chosen := func(n int) {
		t.Helper()
		p.Wait("document.querySelector('[aria-selected=true]')?.dataset.seq === '" + fmt.Sprint(want[n].Sequence) + "'")
	}
	p.Key("j")
	chosen(0)
	p.Key("j")
	p.Key("j")
	p.Key("k")
	chosen(1)
	p.Key(kb.End)
	chosen(len(want) - 1)
	p.Key(kb.Home)
	chosen(0)
	p.Key(kb.Enter)
	p.Wait("location.hash.startsWith('#/event?')")
	Eval[bool](p, "(history.back(), true)")
	p.settled(len(want))
	p.Key("?")
	p.Wait("document.querySelector('dialog[open]')")
	p.Key(kb.Escape)
	p.Wait("!document.querySelector('dialog[open]')")
	p.Key("/")
	p.Wait("document.activeElement.dataset.test === 'filter'")
}

// TestLists: entities, scopes and kinds with their native counts, and the way to their events.
func TestLists(t *testing.T) {
	t.Parallel()
	dir := shop(t, 150)
	r := reader(t, dir)
	ctx := t.Context()
	p := opened(t, dir)
	type line struct{ Name, Events string }
	lines := func() []line {
		return Eval[[]line](p, "[...document.querySelectorAll('[data-test=line]')].map((e) => ({ Name: e.dataset.name, Events: e.dataset.events }))")
	}
	names := func(all []host.NameSummary) (out []line) {
		for _, s := range all {
			out = append(out, line{s.Name, fmt.Sprint(s.Events)})
		}
		return out
	}
	entities := names(all(t, r.Entities(ctx, "", host.NamePage{})))
	p.goTo("#/lists?list=entities")
	p.Wait("document.querySelectorAll('[data-test=line]').length === 200")
	require.Equal(t, entities[:200], lines())
	p.Click(Test("next"))
	p.Wait("document.querySelector('[data-test=line]').dataset.name === " + quote(entities[200].Name))
	require.Equal(t, entities[200:], lines())
	p.Type(Test("begins"), "parcel:014")
	p.Wait("document.querySelectorAll('[data-test=line]').length === 10")
	require.Equal(t, names(all(t, r.Entities(ctx, "parcel:014", host.NamePage{}))), lines())
	p.Click(Test("list-scopes"))
	p.Wait("document.querySelectorAll('[data-test=line]').length === 3")
	require.Equal(t, names(all(t, r.Scopes(ctx, "", host.NamePage{}))), lines())
	p.Click(Test("list-kinds"))
	p.Wait("document.querySelectorAll('[data-test=line]').length === 4")
	var kinds []line
	for _, k := range all(t, r.Kinds(ctx)) {
		kinds = append(kinds, line{fmt.Sprintf("0x%04X", uint16(k.Kind)), fmt.Sprint(k.Events)})
	}
	got := lines()
	slices.SortFunc(got, func(a, b line) int { return strings.Compare(a.Name, b.Name) })
	require.Equal(t, kinds, got)
	p.Click(`[data-name="0x3001"] a`)
	p.same(all(t, r.Query(ctx, host.Region{Kinds: event.Only(unnamed)}, host.Page{})))
}
