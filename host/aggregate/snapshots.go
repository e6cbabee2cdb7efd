package aggregate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"reflect"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
	"github.com/thawlog/thaw/host/typed"
)

// snapshots reads and writes the snapshots of aggregates.
type snapshots struct {
	SnapshotOptions
	maker      maker
	background background
	status     status
}

func newSnapshots[T any](types *typed.Types, o SnapshotOptions) *snapshots {
	return &snapshots{SnapshotOptions: o, maker: newMaker(types, reflect.TypeFor[T](), o.Version)}
}

// fromSnapshot loads an aggregate from its snapshot and the events since. If the snapshot is
// missing or wrong, used is false and the state a new T. The error is one of the events.
func (a *Aggregates[T]) fromSnapshot(ctx context.Context, l *Loaded[T]) (used bool, err error) {
	s := a.snapshots
	if s == nil {
		return false, nil
	}
	state, err := a.store.State(ctx, l.At.Entity)
	if err != nil || uint64(state.Clock)+1 < uint64(s.Every) { // it has hardly one
		return false, err
	}
	why, err := a.trySnapshot(ctx, l)
	if err == nil && why != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // the cache's reason may be that
	}
	switch {
	case why == nil && err == nil:
		s.status.used.Add(1)
		return true, nil
	case err != nil:
		return false, err
	case !errors.Is(why, fs.ErrNotExist):
		s.status.rejected.Add(1)
		s.status.note(l.At.Entity, why)
	}
	*l = Loaded[T]{At: l.At, State: new(T)}
	return false, nil
}

// trySnapshot returns why the snapshot cannot be used, or an error of the events.
func (a *Aggregates[T]) trySnapshot(ctx context.Context, l *Loaded[T]) (why, err error) {
	m, entity := &a.snapshots.maker, l.At.Entity
	b, why := a.snapshots.Cache.Get(ctx, m.cacheName(entity))
	if why != nil {
		return why, nil
	}
	s, why := decodeSnapshot(b)
	if why != nil {
		return why, nil
	}
	if s.subject != m.subject(entity) {
		return ErrSnapshotOutdated, nil
	}
	store, err := a.store.Position(ctx)
	if err != nil {
		return nil, err
	}
	n, err := a.store.Count(ctx, host.Region{Entity: entity, Clocks: host.ClocksBetween(0, s.clock)}, 0)
	if err != nil {
		return nil, err
	}
	if s.store != store.Store || s.events != n {
		return ErrSnapshotEvents, nil
	}
	if why := payload.Unmarshal(s.state, l.State); why != nil {
		return why, nil
	}
	l.events = s.events
	found := false
	events := a.store.Stream(ctx, entity, host.StreamPage{From: s.clock})
	err = a.fold(ctx, l, after(events, &s, l, &found))
	if err == nil && !found {
		return ErrSnapshotEvents, nil
	}
	return nil, err
}

// after returns the events after the last one of a snapshot, which must be the first of
// events: only then it sets found and returns any.
func after[T any](events iter.Seq2[event.Event, error], s *snapshot, l *Loaded[T], found *bool) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for e, err := range events {
			switch {
			case err != nil:
				yield(e, err)
				return
			case !*found:
				if e.Clock != s.clock || lastOf(&e.Facts) != s.last {
					return
				}
				*found, l.last, l.Version = true, e.Facts, host.State{Some: true, Clock: e.Clock}
			case !yield(e, nil):
				return
			}
		}
	}
}

// wantSnapshot asks for a snapshot if many events were folded.
func (a *Aggregates[T]) wantSnapshot(l *Loaded[T]) {
	if s := a.snapshots; s != nil && l.Folded >= s.Every {
		at := l.At
		s.background.ask(at.Entity, func(ctx context.Context) (err error) {
			// Nobody could recover a panic of Apply or of an encoder of the state there.
			defer func() {
				if v := recover(); v != nil {
					s.status.failed.Add(1)
					err = s.status.note(at.Entity, fmt.Errorf("%w: panic: %v", ErrSnapshotState, v))
				}
			}()
			return a.save(ctx, at)
		})
	}
}

// Snapshot writes a snapshot of an aggregate now. The error is a *[SnapshotError] if it was
// not written. Without events, or without [Snapshots], there is nothing to write.
func (a *Aggregates[T]) Snapshot(ctx context.Context, id string) error {
	at, err := a.at(id)
	if err != nil || a.snapshots == nil {
		return err
	}
	return a.save(ctx, at)
}

// save loads an aggregate for a snapshot, so that no caller has the same state, and writes it.
func (a *Aggregates[T]) save(ctx context.Context, at event.Coordinate) error {
	l, err := a.load(ctx, at)
	if err == nil && l.Version.Some {
		err = a.put(ctx, l)
	}
	s := &a.snapshots.status
	switch {
	case err != nil && ctx.Err() != nil: // the caller gave up
		return &SnapshotError{Entity: at.Entity, Err: err}
	case err != nil:
		s.failed.Add(1)
		return s.note(at.Entity, err)
	case l.Version.Some:
		s.written.Add(1)
	}
	return nil
}

func (a *Aggregates[T]) put(ctx context.Context, l *Loaded[T]) error {
	state, err := payload.Marshal(l.State)
	if err != nil {
		return err
	}
	again := new(T)
	if err := payload.Unmarshal(state, again); err != nil {
		return errors.Join(ErrSnapshotState, err)
	}
	if l.falls || !reflect.DeepEqual(l.State, again) {
		return ErrSnapshotState
	}
	if shared(reflect.ValueOf(l.State)) {
		return fmt.Errorf("%w: two parts of it share memory", ErrSnapshotState)
	}
	position, err := a.store.Position(ctx)
	if err != nil {
		return err
	}
	m, entity := &a.snapshots.maker, l.At.Entity
	s := snapshot{
		subject: m.subject(entity), store: position.Store,
		last: lastOf(&l.last), clock: l.last.Clock, events: l.events, state: state,
	}
	return a.snapshots.Cache.Put(ctx, m.cacheName(entity), s.encode())
}
