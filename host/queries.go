package host

import (
	"context"
	"iter"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// queries implements [Reader] for the types that embed it.
type queries struct {
	// acquire returns a version with all events that the caller may see. The query releases
	// it.
	acquire func() (*version, error)
}

// contextEvery is the number of events between checks of the context: a check costs about as
// much as an event.
const contextEvery = 64

// each runs an iteration of core on the version at its start.
func (q *queries) each(ctx context.Context, f func(*store.Snapshot) iter.Seq2[event.Event, error]) iter.Seq2[event.Event, error] {
	return iterate(ctx, q, f)
}

// iterate is each for any type.
func iterate[T any](ctx context.Context, q *queries, f func(*store.Snapshot) iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if err := ctx.Err(); err != nil {
			yield(none, err)
			return
		}
		v, err := q.acquire()
		if err != nil {
			yield(none, err)
			return
		}
		defer v.release()
		n := 0
		f(v.snapshot)(func(e T, err error) bool { // no range, which would allocate its state
			if n++; n%contextEvery == 0 && ctx.Err() != nil {
				yield(none, ctx.Err())
				return false
			}
			return yield(e, err) && err == nil
		})
	}
}

// on runs one query on the current version.
func on[T any](ctx context.Context, q *queries, f func(*store.Snapshot) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	v, err := q.acquire()
	if err != nil {
		return none, err
	}
	defer v.release()
	return f(v.snapshot)
}

// Query returns the visible events of a region in order of sequence, without their
// payloads. Read returns an event with its payload.
func (q *queries) Query(ctx context.Context, region Region, page Page) iter.Seq2[event.Event, error] {
	return q.each(ctx, func(s *store.Snapshot) iter.Seq2[event.Event, error] {
		return s.Query(region.Core(), query.Page(page))
	})
}

// Count returns how many events Query would return from a sequence on.
func (q *queries) Count(ctx context.Context, region Region, from uint64) (uint64, error) {
	return on(ctx, q, func(s *store.Snapshot) (uint64, error) { return s.Count(region.Core(), from) })
}

// Stream returns the visible events of one entity in order of clocks, without their
// payloads.
func (q *queries) Stream(ctx context.Context, entity string, page StreamPage) iter.Seq2[event.Event, error] {
	return q.each(ctx, func(s *store.Snapshot) iter.Seq2[event.Event, error] { return s.Stream(entity, query.StreamPage(page)) })
}

// Ancestors returns the causes of an event, nearest first, without the event itself. depth
// bounds the number of steps, 0 for no bound. An unknown id is [ErrNotFound].
func (q *queries) Ancestors(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error] {
	return q.each(ctx, func(s *store.Snapshot) iter.Seq2[event.Event, error] { return s.Ancestors(id, depth) })
}

// Effects returns the events that an event caused, the events that those caused, and so on:
// nearest first, by sequence at the same distance, without the event itself. depth bounds
// the distance, 0 for no bound. An id that is neither an event of the store nor a cause of
// one is [ErrNotFound].
func (q *queries) Effects(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error] {
	return q.each(ctx, func(s *store.Snapshot) iter.Seq2[event.Event, error] { return s.Effects(id, depth) })
}

// Correlated returns the visible events of one conversation in order of
// sequence.
func (q *queries) Correlated(ctx context.Context, id event.ID) iter.Seq2[event.Event, error] {
	return q.each(ctx, func(s *store.Snapshot) iter.Seq2[event.Event, error] { return s.Correlated(id) })
}

// State returns the state that an append can expect of an entity: whether it has visible
// events, and the clock of the last one. It reads only the end of the stream, so its cost
// does not depend on the stream's length.
func (q *queries) State(ctx context.Context, entity string) (State, error) {
	return on(ctx, q, func(s *store.Snapshot) (State, error) {
		state, err := s.State(entity)
		return State(state), err
	})
}

// At returns the visible event with a sequence, without its payload. It returns
// [ErrNotFound] for any other sequence.
func (q *queries) At(ctx context.Context, sequence uint64) (event.Event, error) {
	return on(ctx, q, func(s *store.Snapshot) (event.Event, error) { return s.At(sequence) })
}

// Get returns the visible event with an id, and its payload, which it reads from the segment
// and checks. It returns [ErrNotFound] for an unknown id, and a *[Damage] for an event that
// can no longer be read. A redacted event comes with a *[RedactedError] and without payload.
func (q *queries) Get(ctx context.Context, id event.ID) (event.Full, error) {
	return on(ctx, q, func(s *store.Snapshot) (event.Full, error) { return s.ReadID(id) })
}

// Read returns, as Get does, an event that a query returned, and its payload.
func (q *queries) Read(ctx context.Context, e event.Event) (event.Full, error) {
	return on(ctx, q, func(s *store.Snapshot) (event.Full, error) { return s.Read(e) })
}

// ReadEach returns the events of an iteration in its order, each as Read returns it, with
// its payload, and faster than one Read for each: it reads events in batches, those that lie
// close together at once, and decodes them on several processors. So it takes up to about
// 2000 events from the iteration before it returns those before them. The first error, of
// the iteration or of an event, ends it after the events before it. Only a *[RedactedError]
// does not: it comes with its event, and a loop that goes on gets the events after it.
//
// It remembers some 65,000 frames that it has checked. One of these whose place, index entry
// and checksum are still the same is checked by its checksum alone, and its payload not
// hashed again.
//
// A payload is valid until the loop's next step, and not after the loop: clone it to keep
// it. The iteration must be one of this reader, begun after its last refresh or in progress.
func (q *queries) ReadEach(ctx context.Context, events iter.Seq2[event.Event, error]) iter.Seq2[event.Full, error] {
	return func(yield func(event.Full, error) bool) {
		readEach(ctx, q, func(pin func() (*store.Snapshot, error)) iter.Seq2[event.Full, error] {
			return store.ReadEach(pin, events)
		}, yield, func(err error) error { return err })
	}
}

// Decoded is what decode returned for an event; see DecodeEach.
type Decoded = store.Decoded

// DecodeEach is ReadEach, and calls decode for every event, on several processors: at once, in
// no order, and for events that the loop may not reach. decode must not keep the event. Its
// error comes with the event and ends the iteration; any other comes with a zero one. A
// decode that panics is called again by the loop, where it may panic. It is not called for a
// redacted event, which comes as from ReadEach.
func (q *queries) DecodeEach(ctx context.Context, events iter.Seq2[event.Event, error], decode func(*event.Full) (any, error)) iter.Seq2[event.Full, Decoded] {
	return func(yield func(event.Full, Decoded) bool) {
		readEach(ctx, q, func(pin func() (*store.Snapshot, error)) iter.Seq2[event.Full, Decoded] {
			return store.DecodeEach(pin, events, decode)
		}, yield, func(err error) Decoded { return Decoded{Err: err} })
	}
}

// readEach yields what read returns for a version, and the error of ctx. failed makes of it
// what is yielded.
func readEach[T any](ctx context.Context, q *queries, read func(pin func() (*store.Snapshot, error)) iter.Seq2[event.Full, T],
	yield func(event.Full, T) bool, failed func(error) T) {
	if err := ctx.Err(); err != nil {
		yield(event.Full{}, failed(err))
		return
	}
	var v *version
	defer func() {
		if v != nil {
			_ = v.release()
		}
	}()
	// The version must not be older than that of the iteration, so it is pinned when the
	// iteration has begun.
	pin := func() (*store.Snapshot, error) {
		var err error
		if v, err = q.acquire(); err != nil {
			return nil, err
		}
		return v.snapshot, nil
	}
	n := 0
	read(pin)(func(full event.Full, d T) bool { // no range, which would allocate its state
		if n++; n%contextEvery == 0 && ctx.Err() != nil {
			yield(event.Full{}, failed(ctx.Err()))
			return false
		}
		return yield(full, d)
	})
}
