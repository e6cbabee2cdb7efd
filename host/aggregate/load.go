package aggregate

import (
	"context"
	"errors"
	"iter"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Loaded is an aggregate as its events make it.
type Loaded[T any] struct {
	// State is the caller's own.
	State *T
	// At is the coordinate of the aggregate's events.
	At event.Coordinate
	// Version says whether it has events, and the clock of the last one. To append if
	// nothing changed: host.Expect(l.Version.Expected()).
	Version host.State
	// Position is a position before which the store's events were taken into account; later
	// ones of the aggregate may be too. It is for conditions on other entities that the
	// caller looks at afterwards: see [host.Unless].
	Position host.Position
	// Folded is the number of events that were read; the others are in a snapshot.
	Folded int

	// For a snapshot of it:
	events uint64      // how many there are up to last
	last   event.Facts // the last event
	falls  bool        // whether a clock is not above the one before
}

// Load returns an aggregate. One without events is a new T, and no error.
//
// An event whose payload is not of its type is a *[typed.DecodeError], and one that Apply
// refuses, or at which it panics, an *[ApplyError]. Apply sees an event of a kind that the registry does not know
// with a [host.Raw] as value, and none of kind event.EffectAck.
//
// An event whose payload was erased goes to the state's ApplyErased, if it has one: see
// [typed.ErasedFolder]. Otherwise the aggregate cannot be loaded: the *ApplyError is of class
// host.ErrErased.
func (a *Aggregates[T]) Load(ctx context.Context, id string) (Loaded[T], error) {
	at, err := a.at(id)
	if err != nil {
		return Loaded[T]{}, err
	}
	position, err := a.store.Position(ctx)
	if err != nil {
		return Loaded[T]{}, err
	}
	l, err := a.load(ctx, at)
	if err != nil {
		return Loaded[T]{}, err
	}
	l.Position = position
	a.wantSnapshot(l)
	return *l, nil
}

// load is Load without a position.
func (a *Aggregates[T]) load(ctx context.Context, at event.Coordinate) (*Loaded[T], error) {
	l := &Loaded[T]{At: at, State: new(T)}
	if used, err := a.fromSnapshot(ctx, l); used || err != nil {
		return l, err
	}
	return l, a.fold(ctx, l, a.store.Stream(ctx, at.Entity, host.StreamPage{}))
}

// fold applies events, in order of clocks, to the state.
func (a *Aggregates[T]) fold(ctx context.Context, l *Loaded[T], events iter.Seq2[event.Event, error]) (failed error) {
	state := a.folder(l.State)
	applying := false
	defer func() {
		if !applying {
			return
		}
		if v := recover(); v != nil { // nil after runtime.Goexit
			failed = a.applyError(l.At.Entity, &l.last, newPanicError(v))
		}
	}()
	for e, err := range a.types.Read(ctx, a.store, events) {
		if err != nil && !errors.Is(err, host.ErrErased) {
			return err
		}
		l.falls = l.falls || l.events > 0 && e.Clock <= l.last.Clock
		l.last = e.Facts
		l.Version = host.State{Some: true, Clock: e.Clock}
		l.events++
		l.Folded++
		if e.Kind == event.EffectAck {
			continue
		}
		applying = true
		err := typed.Apply(state, e, err)
		applying = false
		if err != nil {
			return a.applyError(l.At.Entity, &l.last, err)
		}
	}
	return nil
}
