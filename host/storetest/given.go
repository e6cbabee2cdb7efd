package storetest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// State is a state made of events, of which decisions can be asked; see [Given]. It is for
// one goroutine.
type State[T any] struct {
	t     testing.TB
	types *typed.Types
	store *host.Store
	state *T
	past  []host.Receipt
	apply func(*T, typed.Envelope) error
}

// Given returns the state of type T after some events. An event that the state refuses ends
// the test.
func Given[T any, P interface {
	*T
	typed.Folder
}](t testing.TB, types *typed.Types, events ...any) *State[T] {
	t.Helper()
	s := &State[T]{
		t: t, types: types, store: Open(t), state: new(T),
		apply: func(state *T, e typed.Envelope) error { return P(state).Apply(e) },
	}
	s.fold("given", events)
	return s
}

func (s *State[T]) fold(what string, events []any) {
	s.t.Helper()
	receipts := add(s.t, s.store, s.types, events)
	s.past = append(s.past, receipts...)
	s.foldInto(s.state, what, receipts)
}

func (s *State[T]) foldInto(state *T, what string, receipts []host.Receipt) {
	s.t.Helper()
	for i, e := range read(s.t, s.store, s.types, receipts) {
		if err := s.apply(state, e); err != nil {
			s.t.Fatalf("storetest: the state refuses %s event %d, %s: %v", what, i, e.Kind, err)
		}
	}
}

// Is compares the state with the expected one, field by field.
func (s *State[T]) Is(want T) *State[T] {
	s.t.Helper()
	assert.Equal(s.t, want, *s.state, "storetest: the state")
	return s
}

// When asks a decision, of a state of its own: what decide changes in it is lost, as in a store.
// It must be followed by Then or Fails.
func (s *State[T]) When(decide func(*T) ([]any, error)) *Decision[T] {
	s.t.Helper()
	state := new(T)
	s.foldInto(state, "earlier", s.past)
	events, err := decide(state)
	return &Decision[T]{state: s, outcome: newOutcome(s.t, s.types, events, err)}
}

// Decision is what was decided.
type Decision[T any] struct {
	state *State[T]
	outcome
}

// Then compares the decided events with the expected ones: their kinds and payloads, and
// their coordinates if one of the expected has one. No events expect that nothing was
// decided. The state then takes the events, and must not refuse them; it is returned for
// the next step.
func (d *Decision[T]) Then(want ...any) *State[T] {
	d.t.Helper()
	if d.then(want) {
		d.state.fold("decided", d.events)
	}
	return d.state
}

// Fails expects that the decision failed with an error that is target, as errors.Is
// reports. The state is returned for the next step.
func (d *Decision[T]) Fails(target error) *State[T] {
	d.t.Helper()
	d.fails(target)
	return d.state
}

// outcome is what a function under test returned.
type outcome struct {
	t       testing.TB
	types   *typed.Types
	events  []any
	err     error
	checked *bool
}

func newOutcome(t testing.TB, types *typed.Types, events []any, err error) outcome {
	t.Helper()
	checked := new(bool)
	t.Cleanup(func() {
		if !*checked && !t.Failed() {
			t.Errorf("storetest: an outcome without Then or Fails (Permits or Refuses) tests nothing")
		}
	})
	return outcome{t, types, events, err, checked}
}

// then reports whether the outcome is as wanted.
func (o *outcome) then(want []any) bool {
	o.t.Helper()
	*o.checked = true
	if o.err != nil {
		o.t.Errorf("storetest: want events, got the error %q", o.err)
		return false
	}
	wanted, err := describe(o.types, want)
	if err != nil {
		o.t.Errorf("storetest: wanted %v", err)
		return false
	}
	got, err := describe(o.types, o.events)
	if err != nil {
		o.t.Errorf("storetest: got %v", err)
		return false
	}
	if d := difference(wanted, got); d != "" {
		o.t.Errorf("storetest: other events than wanted %s", d)
		return false
	}
	return true
}

func (o *outcome) fails(target error) {
	o.t.Helper()
	*o.checked = true
	switch {
	case o.err == nil:
		got, err := describe(o.types, o.events)
		if err != nil {
			o.t.Errorf("storetest: want the error %q, got %v", target, err)
			return
		}
		var text string
		for _, l := range render(got, false, false) {
			text += "\n    " + l
		}
		o.t.Errorf("storetest: want the error %q, got %d events%s", target, len(got), text)
	case !errors.Is(o.err, target):
		o.t.Errorf("storetest: want the error %q, got %q", target, o.err)
	}
}
