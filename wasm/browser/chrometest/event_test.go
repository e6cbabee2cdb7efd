package chrometest

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/payload"
	"github.com/thawlog/thaw/host"
)

// dashed is an id as the page shows it.
func dashed(id event.ID) string {
	s := id.String()
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// shows waits until the page shows an event, and returns its facts by name.
func (p *Page) shows(id event.ID) map[string]string {
	p.t.Helper()
	p.Wait(`document.querySelector('[data-test=event]')?.dataset.id === "` + dashed(id) + `" && document.querySelector('[data-test=event]').getAttribute('aria-busy') === 'false'`)
	return Eval[map[string]string](p, `Object.fromEntries([...document.querySelectorAll('[data-test^=fact-]')].map((e) => [e.dataset.test.slice(5), e.innerText.trim()]))`)
}

// TestEvent: each event's facts, payload, chain, bytes and neighbours are those of the native reader.
func TestEvent(t *testing.T) {
	t.Parallel()
	dir := shop(t, 20)
	r := reader(t, dir)
	events := all(t, r.Query(t.Context(), host.Region{}, host.Page{}))
	p := opened(t, dir)
	for _, n := range []int{0, 1, 2, 3, len(events) / 2, len(events) - 1} {
		full, err := r.Read(t.Context(), events[n])
		require.NoError(t, err)
		p.goTo("#/event?event=" + full.ID.String())
		if n > 0 {
			p.goTo("#/event?event=" + dashed(full.ID))
		}
		facts := p.shows(full.ID)
		for name, want := range map[string]string{
			"seq": fmt.Sprint(full.Sequence), "entity": full.Entity, "scope": full.Scope, "clock": fmt.Sprint(full.Clock),
			"kind": fmt.Sprintf("0x%04X", uint16(full.Kind)), "id": dashed(full.ID), "hash": full.EventHash.String(),
			"payload": fmt.Sprint(len(full.Payload)), "position": fmt.Sprintf("%06d.fbat", full.Position.Segment),
		} {
			require.Contains(t, facts[name], want, name)
		}
		if full.Causation.IsZero() {
			require.Contains(t, facts["causation"], "none")
		} else {
			require.Contains(t, facts["causation"], dashed(full.Causation))
		}
		if shopKinds[full.Kind] != "" {
			require.Contains(t, facts["kind"], shopKinds[full.Kind])
		}

		p.Click(Test("tab-json"))
		want, err := payload.AppendJSON(nil, full.Payload)
		require.NoError(t, err)
		p.Wait("document.querySelector('[data-test=json] [data-nth]')")
		require.JSONEq(t, string(want), Eval[string](p, "[...document.querySelectorAll('[data-test=json] [data-nth]')].map((e) => e.textContent).join('\\n')"))
		p.Click(Test("tab-hex"))
		p.Wait(within("hex"))
		digits := hex.EncodeToString(full.Payload[:min(8, len(full.Payload))])
		require.Contains(t, strings.NewReplacer(" ", "", "\n", "").Replace(Eval[string](p, within("hex")+".textContent")), digits)
		p.Click(Test("tab-tree"))
	}

	// Metadata, the difference to the entity's event before, the hash chain, and the frame.
	second := events[1]
	require.Equal(t, paid, second.Kind)
	p.goTo("#/event?event=" + dashed(events[3].ID))
	require.Contains(t, p.shows(events[3].ID)["meta"], "clerk")
	p.goTo("#/event?event=" + dashed(second.ID) + "&part=diff")
	p.shows(second.ID)
	p.Wait(within("diff"))
	require.Contains(t, Eval[string](p, within("diff")+".innerText"), "items")
	p.Click(Test("tab-chain"))
	p.Wait("document.querySelectorAll('[data-test=chain-link]').length === 2")
	require.Contains(t, p.Text("chain-proof"), "has this hash")
	p.Click(Test("chain-check"))
	p.Wait(within("chain-result") + ".textContent !== ''")
	p.Click(Test("tab-bytes"))
	require.Contains(t, p.Text("frame-fits"), "every check fits")

	// Keys: the entity's events, and those of the store.
	p.goTo("#/event?event=" + dashed(events[0].ID))
	p.shows(events[0].ID)
	p.Wait("document.querySelector('[aria-label=\"Neighbours of this event\"] a')")
	p.Key("]")
	p.shows(second.ID)
	p.Wait("document.querySelectorAll('[aria-label=\"Neighbours of this event\"] a').length >= 3")
	p.Key("[")
	p.shows(events[0].ID)

	// What is not there says so.
	p.goTo("#/event?event=01020304-0506-0708-090a-0b0c0d0e0f10")
	require.Contains(t, p.Text("failure"), "No visible event")
}

// TestCauses: from an event along its causes and effects, in the picture and by keyboard.
func TestCauses(t *testing.T) {
	t.Parallel()
	dir := shop(t, 20)
	r := reader(t, dir)
	events := all(t, r.Query(t.Context(), host.Region{}, host.Page{}))
	second := events[1]
	p := opened(t, dir)
	p.goTo("#/event?event=" + dashed(second.ID))
	facts := p.shows(second.ID)
	require.Contains(t, facts["causation"], dashed(events[0].ID))
	p.Click(Test("fact-causation") + " a")
	p.shows(events[0].ID)
	effects := all(t, r.Effects(t.Context(), events[0].ID, 1))
	p.Wait("document.querySelectorAll('[data-test=effects] li').length === " + fmt.Sprint(len(effects)))

	p.goTo("#/graph?event=" + dashed(second.ID))
	p.Wait(within("graph"))
	nodes := func() []string {
		return Eval[[]string](p, "[...document.querySelectorAll('[data-test=graph-node]')].map((e) => e.dataset.id.replaceAll('-', ''))")
	}
	var want []string
	for link, err := range r.Graph(t.Context(), second.ID, host.GraphOptions{}) {
		require.NoError(t, err)
		want = append(want, link.Event.ID.String())
	}
	p.Wait("document.querySelectorAll('[data-test=graph-node]').length > 0")
	require.ElementsMatch(t, want, nodes())
	require.Equal(t, fmt.Sprint(len(want)-1), Eval[string](p, within("graph")+".dataset.edges"))

	chosen := func(id event.ID) {
		t.Helper()
		p.Wait(within("graph-chosen") + "?.dataset.id === '" + dashed(id) + "'")
	}
	chosen(second.ID)
	p.Click(`[data-test=graph-node][data-id="` + dashed(second.ID) + `"]`)
	p.Key(kb.ArrowLeft)
	chosen(events[0].ID)
	p.Key(kb.ArrowRight)
	chosen(second.ID)
	p.Key(kb.ArrowLeft)
	p.Key("w")
	correlated := all(t, r.Correlated(t.Context(), events[0].ID))
	p.Wait(within("graph") + "?.dataset.events === '" + fmt.Sprint(len(correlated)) + "'")
	p.Click(Test("as-list"))
	p.Wait("document.querySelectorAll('[data-test=graph-list] tbody tr').length === " + fmt.Sprint(len(correlated)))
	p.Click(Test("graph-open"))
	p.shows(events[0].ID)
}

// TestFold: a reducer runs over the filtered events, forward and back, and what it cannot do.
func TestFold(t *testing.T) {
	t.Parallel()
	dir := shop(t, 30)
	r := reader(t, dir)
	events := all(t, r.Query(t.Context(), host.Region{Kinds: event.Only(paid)}, host.Page{}))
	p := opened(t, dir)
	p.goTo("#/fold?kind=0x1002")
	p.Type(Test("fold-code"), "(state, event) => ({ n: state.n + 1, cents: state.cents + event.payload.cents, last: event.entity })")
	p.Type(Test("fold-initial"), `{"n":0,"cents":0,"last":null}`)
	p.Click(Test("fold-run"))
	p.Wait(within("fold-steps") + "?.dataset.ran === '" + fmt.Sprint(len(events)) + "'")
	state := func(step, cents int, last string) {
		t.Helper()
		p.Wait(within("fold-steps") + ".dataset.step === '" + fmt.Sprint(step) + "'")
		text := Eval[string](p, within("state")+".innerText.replaceAll(/\\s+/g, ' ')")
		require.Contains(t, text, fmt.Sprint(step))
		require.Contains(t, text, fmt.Sprint(cents))
		require.Contains(t, text, last)
		if step > 0 {
			require.Equal(t, fmt.Sprint(events[step-1].Sequence), Eval[string](p, within("fold-event")+".dataset.seq"))
		}
	}
	p.Click(Test("fold-last"))
	state(30, 100*29*30/2, "order:0029")
	p.Click(Test("fold-back"))
	state(29, 100*28*29/2, "order:0028")
	p.Click(Test("fold-first"))
	state(0, 0, "null")
	p.Click(Test("fold-forward"))
	state(1, 0, "order:0000")

	// It has access to nothing, and a mistake is a sentence with its line.
	for _, c := range []struct{ code, want string }{
		{"(state, event) => fetch('http://reducer.example/')", "fetch"},
		{"(state, event) => postMessage('x')", "postMessage"},
		{"(state, event) => importScripts('http://reducer.example/')", "importScripts"},
		{"(state, event) => { throw new Error('on purpose') }", "on purpose"},
		{"(state, event) => {", ""},
	} {
		p.Type(Test("fold-code"), c.code)
		p.Click(Test("fold-run"))
		p.Wait(within("fold-error") + "?.textContent.includes(" + quote(c.want) + ")")
	}
	p.Type(Test("fold-code"), "(state, event) => { for (;;); }")
	p.Click(Test("fold-run"))
	p.Wait(within("fold-cancel"))
	p.Click(Test("fold-cancel"))
	p.Wait("!" + within("fold-cancel"))
	require.Empty(t, chromium(t).Asked())
}
