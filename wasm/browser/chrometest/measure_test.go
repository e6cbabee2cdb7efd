package chrometest

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

var (
	measureStore  = flag.String("measure-store", "", "measure the page with the store in this `folder`")
	measureOut    = flag.String("measure-out", "", "append the table to this `file`")
	measureRounds = flag.Int("measure-rounds", 5, "rounds, of which the medians are printed")
	measureTrace  = flag.Bool("measure-trace", false, "print the questions of the first round")
	measureOnly   = flag.Bool("measure-short", false, "measure nothing but the summary, the filters and memory")
)

// stopwatch runs before the page. until does something and resolves with the ms until an
// expression is true; what the page asks its worker is noted in asked.
const stopwatch = `
globalThis.asked = []
globalThis.workers = []
globalThis.Worker = class extends Worker {
  constructor(...of) {
    super(...of)
    workers.push(this)
    this.calls = new Map()
    this.addEventListener('message', ({ data }) => {
      const call = this.calls.get(data.id)
      if (call && !data.progress && !data.part) call.end = performance.now()
    })
  }
  postMessage(data, ...rest) {
    const call = { begin: performance.now(), end: null }
    if (data.do === 'ask') call.op = new DataView(data.request.buffer, data.request.byteOffset).getUint32(0, true)
    else call.do = data.do
    if (data.do === 'ask' || data.do === 'open') {
      this.calls.set(data.id, call)
      asked.push({ call, urgent: data.urgent })
    }
    if (data.do === 'cancel') this.calls.get(data.id).end = -1
    super.postMessage(data, ...rest)
  }
}
globalThis.idle = () => asked.every(({ call }) => call.end !== null)
globalThis.until = (act, is) => new Promise((done) => {
  let began = null
  const start = () => { began ??= performance.now() }
  const look = () => {
    if (began === null || !is()) return false
    const ms = performance.now() - began
    over()
    done(ms)
    return true
  }
  const seen = new MutationObserver(look)
  seen.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
  const timer = setInterval(look, 4)
  addEventListener('drop', start, { capture: true, once: true })
  const over = () => { seen.disconnect(); clearInterval(timer); removeEventListener('drop', start, { capture: true }) }
  if (act) { start(); act(); look() }
})
globalThis.memoryOf = (worker) => new Promise((done) => {
  worker.addEventListener('message', ({ data }) => data.id === -1 && done([data.end.wasm, data.end.cache]))
  worker.postMessage({ do: 'memory', id: -1 })
})`

// measured is the table: what was measured, in the order of the first round, with a value for
// each round.
type measured struct {
	names  []string
	values map[string][]float64
}

func (m *measured) add(name string, v float64) {
	if m.values == nil {
		m.values = map[string][]float64{}
	}
	if m.values[name] == nil {
		m.names = append(m.names, name)
	}
	m.values[name] = append(m.values[name], v)
}

func (m *measured) table(title string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "\n%s, %s\n", title, time.Now().Format("15:04:05"))
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "median\tlowest\thighest\t \t")
	for _, name := range m.names {
		v := slices.Sorted(slices.Values(m.values[name]))
		fmt.Fprintf(w, "%.0f\t%.0f\t%.0f\t%s\t\n", v[len(v)/2], v[0], v[len(v)-1], name)
	}
	_ = w.Flush()
	return out.String()
}

// patient evaluates what may take minutes.
func patient[T any](p *Page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail(expression, err)
	}
	return v
}

// until returns the ms from an act until a condition holds.
func (p *Page) until(act, condition string) float64 {
	p.t.Helper()
	return patient[float64](p, "until(() => { "+act+" }, () => "+condition+")")
}

func (p *Page) idle() { p.until("", "idle()") }

const (
	firstRow  = "document.querySelector('[data-test=table] [data-seq]')"
	known     = "document.querySelector('[data-test=total]')?.dataset.total"
	drawn     = "document.querySelector('[data-test=timeline][aria-busy=false][data-events]')"
	noMissing = "!document.querySelector('[data-test=table] .missing')"
)

// subjects are what a store is asked about.
type subjects struct {
	events                int
	entity, prefix, scope string
	wide                  string // a prefix that most events have
	kind                  event.Kind
	graph                 string // an event with many causes and effects
}

func pickSubjects(t *testing.T, dir string) subjects {
	r := reader(t, dir)
	ctx := t.Context()
	s := subjects{events: int(r.Report().Events)}
	var middle event.Event
	for e, err := range r.Query(ctx, host.Region{}, host.Page{From: uint64(s.events) / 2, Limit: 1}) {
		require.NoError(t, err)
		middle = e
	}
	s.entity, s.scope, s.kind = middle.Entity, middle.Scope, middle.Kind
	s.prefix = s.entity[:len(s.entity)-3]
	s.wide = s.entity[:strings.IndexByte(s.entity, ':')+1]
	most := 0
	for e, err := range r.Query(ctx, host.Region{}, host.Page{Limit: 64}) {
		require.NoError(t, err)
		n := 0
		for _, err := range r.Graph(ctx, e.ID, host.GraphOptions{Limit: 200}) {
			require.NoError(t, err)
			n++
		}
		if n > most {
			most, s.graph = n, e.ID.String()
		}
	}
	return s
}

// TestMeasure prints how long a user waits for what. It is no test: it runs only with
// -measure-store.
func TestMeasure(t *testing.T) {
	if *measureStore == "" {
		t.Skip("no -measure-store")
	}
	dir, err := filepath.Abs(*measureStore)
	require.NoError(t, err)
	s := pickSubjects(t, dir)
	t.Logf("%+v", s)
	var m measured
	for round := range *measureRounds {
		measure(t, &m, dir, s, round == 0 && *measureTrace)
	}
	if !*measureOnly {
		hub := measuredHub(t)
		for range *measureRounds {
			p := measuredPage(t, &m, "", hub)
			m.add("graph of 200 events in a store of 1,000, ms", p.until("location.hash = '#/graph?correlation="+hubID+"'", "document.querySelector('[data-test=graph]')?.dataset.events === '200'"))
		}
	}
	out := m.table(fmt.Sprintf("%s: %d events, %d rounds", dir, s.events, *measureRounds))
	fmt.Println(out)
	if *measureOut != "" {
		f, err := os.OpenFile(*measureOut, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
		require.NoError(t, err)
		_, err = f.WriteString(out)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
}

// measuredPage opens a store in a new tab. What is measured gets the name before it, none
// without one.
func measuredPage(t *testing.T, m *measured, name, dir string) *Page {
	p := chromium(t).New(t)
	call(p, "prepare a tab", page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: stopwatch})
	p.Load(site(t).URL)
	p.Wait(within("engine") + "?.dataset.state === 'ready'")
	compiled := Eval[string](p, within("engine")+".textContent")
	Eval[bool](p, "(globalThis.dropped = until(null, () => document.querySelector('[data-test=summary-events]')), true)")
	p.Drop(dir)
	summary := patient[float64](p, "dropped")
	if name != "" {
		var ms float64
		_, err := fmt.Sscanf(strings.TrimSpace(compiled), "Engine ready in %f ms", &ms)
		require.NoError(t, err, compiled)
		m.add("engine compiled, ms", ms)
		m.add(name, summary)
	}
	return p
}

func measure(t *testing.T, m *measured, dir string, s subjects, trace bool) {
	p := measuredPage(t, m, "drop to summary, ms", dir)
	// What a user does who does not wait: a filter while the summary's questions are answered.
	m.add("at once: kind to its first rows, ms", p.until(fmt.Sprintf("location.hash = '#/events?kind=0x%04x'", s.kind), firstRow))
	m.add("memory then, MB", workerMB(p))

	p = measuredPage(t, m, "drop to summary, ms", dir)
	began := time.Now()
	p.idle()
	m.add("summary to timeline and counts, ms", float64(time.Since(began).Milliseconds()))
	m.add("events to the first row, ms", p.until("location.hash = '#/events'", firstRow))
	p.idle()
	m.add("jump to the middle, ms", p.until(`
		const box = document.querySelector('[data-test=table]')
		box.scrollTop = box.scrollHeight / 2`,
		fmt.Sprintf("%s && [...document.querySelectorAll('[data-test=table] [data-seq]')].some((e) => Number(e.dataset.seq) > %d)", noMissing, s.events/3)))
	p.idle()
	for _, f := range []struct{ name, hash string }{
		{"entity", "entity=" + s.entity},
		{"scope", "scope=" + s.scope},
		{"kind", fmt.Sprintf("kind=0x%04x", s.kind)},
		{"prefix", "prefix=" + s.prefix},
		{"wide prefix", "prefix=" + s.wide},
	} {
		p.goTo("#/lists?list=kinds")
		p.Wait("document.querySelector('[data-test=lines]')")
		p.idle()
		// All three from one beginning: they are asked together.
		v := patient[[]float64](p, fmt.Sprintf(`(() => {
			const rest = [() => %s, () => %s, () => %s].map((is) => until(() => {}, is))
			location.hash = '#/events?%s'
			return Promise.all(rest)
		})()`, firstRow, known, drawn, f.hash))
		m.add(f.name+" to its first rows, ms", v[0])
		m.add(f.name+" to its total, ms", v[1])
		m.add(f.name+" to its timeline, ms", v[2])
		p.idle()
		if f.name == "kind" {
			id := Eval[string](p, "[...document.querySelectorAll('[data-test=table] [data-seq]')].at(-1).dataset.id")
			m.add("event with payload, ms", p.until("location.hash = '#/event?event="+id+"'", "document.querySelector('[data-test=event] [data-test=tree]')"))
			p.idle()
		}
	}
	m.add("a graph of the store, ms", p.until("location.hash = '#/graph?event="+s.graph+"'", "document.querySelector('[data-test=graph]')"))
	m.add("its events", Eval[float64](p, "Number(document.querySelector('[data-test=graph]').dataset.events)"))
	p.idle()
	m.add("worker memory at the end, MB", workerMB(p))
	m.add("page heap, MB", Eval[float64](p, "performance.memory.usedJSHeapSize / 1e6"))
	if trace {
		printTrace(t, p)
	}
}

func workerMB(p *Page) float64 {
	v := patient[[]float64](p, "memoryOf(workers.at(-1))")
	return (v[0] + v[1]) / 1e6
}

func printTrace(t *testing.T, p *Page) {
	var all []struct {
		Call struct {
			Op         int     `json:"op"`
			Begin, End float64 `json:",omitempty"`
		}
		Urgent bool
	}
	require.NoError(t, json.Unmarshal([]byte(Eval[string](p, "JSON.stringify(asked.map(({ call, urgent }) => ({ Call: { op: call.op ?? 1, Begin: call.begin, End: call.end }, Urgent: !!urgent })))")), &all))
	for _, a := range all {
		fmt.Printf("%8.0f %8.0f op %d urgent %v\n", a.Call.Begin, a.Call.End-a.Call.Begin, a.Call.Op, a.Urgent)
	}
}

const hubID = "c0000000-0000-4000-8000-000000000001"

// measuredHub is a store with a conversation of 200 events, each of which causes the next or
// one further on.
func measuredHub(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "hub")
	s := open(t, dir, host.Options{Durability: host.LoseUpTo(time.Second)})
	correlation, err := event.ParseID(hubID)
	require.NoError(t, err)
	var ids []event.ID
	for i := range 1000 {
		options := []host.AppendOption{}
		if i%5 == 0 {
			options = append(options, host.Correlated(correlation))
			if len(ids) > 0 {
				options = append(options, host.CausedBy(ids[len(ids)/2]))
			}
		}
		r, err := s.Append(context.Background(), event.At(fmt.Sprintf("order:%03d", i%40), "shop"), placed, object{"n": i}, options...)
		require.NoError(t, err)
		if i%5 == 0 {
			ids = append(ids, r.ID)
		}
	}
	require.NoError(t, s.Close())
	return dir
}
