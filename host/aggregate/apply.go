package aggregate

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// foresee applies decided items to the state that they were decided on. It encodes and decodes
// their values, so that Apply gets what a load will give it, and nothing of the caller's.
func (a *Aggregates[T]) foresee(l *Loaded[T], items []host.Item, o *host.BatchOptions) (failed error) {
	state := a.folder(l.State)
	var e event.Full
	applying := false
	defer func() {
		if !applying {
			return
		}
		if v := recover(); v != nil { // nil after runtime.Goexit
			failed = a.refusal(&e.Event, newPanicError(v))
		}
	}()
	now := a.now()
	for i, item := range items {
		e = a.foreseen(l, i, o, now)
		e.Coordinate, e.Kind = item.At, item.Kind
		var err error
		if e.Payload, err = payload.Marshal(item.Payload); err != nil {
			return &host.ItemError{Item: i, Err: err}
		}
		e.PayloadSize = uint32(len(e.Payload))
		envelope, err := a.types.Decode(e)
		if err != nil {
			return &host.ItemError{Item: i, Err: err}
		}
		applying = true
		err = state.Apply(envelope)
		applying = false
		if err != nil {
			return a.refusal(&e.Event, err)
		}
	}
	return nil
}

// refusal is the error of an event that was decided on.
func (a *Aggregates[T]) refusal(e *event.Event, err error) *ApplyError {
	refused := a.applyError(e.Entity, &e.Facts, err)
	refused.Decided = true
	return refused
}

// foreseen returns what is known of the i-th event of a batch before it is written.
func (a *Aggregates[T]) foreseen(l *Loaded[T], i int, o *host.BatchOptions, now time.Time) (e event.Full) {
	if o.Keyed {
		e.ID = itemKey(o.Key, i)
	} else { // one that no other event has
		binary.LittleEndian.PutUint64(e.ID[:], rand.Uint64())
		binary.LittleEndian.PutUint64(e.ID[8:], rand.Uint64())
	}
	if l.Version.Some {
		e.Sequence, e.Clock = l.last.Sequence+1, l.last.Clock+1
	}
	e.Sequence += uint64(i)
	e.Clock += uint32(i)
	e.Correlation = e.ID
	e.TimestampUS, e.Timed = now.UnixMicro(), true
	o.Describe(&e)
	e.WallMS = max(uint64(max(e.TimestampUS, 0)/1000), l.last.WallMS)
	return e
}

// now returns the time of an event that is appended now. A store has its own clock.
func (a *Aggregates[T]) now() time.Time {
	if store, ok := a.store.(interface{ Now() time.Time }); ok {
		return store.Now()
	}
	return time.Now()
}

func (a *Aggregates[T]) applyError(entity string, f *event.Facts, err error) *ApplyError {
	return &ApplyError{
		Entity: entity, ID: f.ID, Sequence: f.Sequence, Clock: f.Clock,
		Kind: f.Kind, Name: a.types.Name(f.Kind), Err: err,
	}
}
