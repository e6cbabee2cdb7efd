package storetest

import (
	"context"
	"testing"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Reaction is the type of one reaction, such as that of package react.
type Reaction interface {
	~struct {
		At      event.Coordinate
		Value   any
		Options []host.AppendOption
	}
}

type reaction struct {
	At      event.Coordinate
	Value   any
	Options []host.AppendOption
}

// Reacted is what the handler of a reaction returned.
type Reacted struct{ outcome }

// React hands events to the handler of a reaction, one after the other, up to the first
// error. It must be followed by Then or Fails.
func React[R Reaction](t testing.TB, types *typed.Types, handle func(context.Context, typed.Envelope) ([]R, error), events ...any) *Reacted {
	t.Helper()
	var all []any
	for _, e := range Events(t, types, events...) {
		reactions, err := handle(t.Context(), e)
		if err != nil {
			return &Reacted{newOutcome(t, types, nil, err)}
		}
		for _, r := range reactions {
			r := reaction(r)
			all = append(all, host.Item{At: r.At, Payload: r.Value, Options: r.Options})
		}
	}
	return &Reacted{newOutcome(t, types, all, nil)}
}

// Then compares all reactions with the expected ones, as [Decision.Then] does; their
// options are not compared. Without arguments it expects none.
func (r *Reacted) Then(want ...any) {
	r.t.Helper()
	r.then(want)
}

// Fails expects that the handler failed with an error that is target, as errors.Is
// reports.
func (r *Reacted) Fails(target error) {
	r.t.Helper()
	r.fails(target)
}
