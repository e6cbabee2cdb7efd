package readertest

import (
	"fmt"
	"iter"
	"slices"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// lists asks for every list.
func (a *answers) lists() {
	ctx := a.t.Context()
	for _, page := range []host.NamePage{{}, {Limit: 2}, {After: "order:1"}, {After: "o", Limit: 1}} {
		for _, prefix := range []string{"", "o", "order:1", "unknown"} {
			each(a, fmt.Sprintf("entities %q %+v", prefix, page), a.reader.Entities(ctx, prefix, page))
			each(a, fmt.Sprintf("scopes %q %+v", prefix, page), a.reader.Scopes(ctx, prefix, page))
		}
	}
	each(a, "kinds", a.reader.Kinds(ctx))
}

// graph asks for graphs of one id.
func (a *answers) graph(id event.ID) {
	for _, o := range []host.GraphOptions{
		{}, {Depth: 1}, {Limit: 1}, {Limit: 3, Payloads: true}, {Direction: host.CausesOnly, Payloads: true}, {Direction: host.EffectsOnly, Depth: 2},
	} {
		question := fmt.Sprintf("graph %+v", o)
		for l, err := range a.reader.Graph(a.t.Context(), id, o) {
			l.Payload = slices.Clone(l.Payload)
			if !o.Payloads {
				l.TimestampUS, l.Timed = 0, false
			}
			a.say(question, l, err)
		}
	}
}

// each lists the items of an iteration.
func each[T any](a *answers, question string, all iter.Seq2[T, error]) {
	n := 0
	for item, err := range all {
		a.say(question, item, err)
		n++
	}
	a.say(question, n, nil)
}
