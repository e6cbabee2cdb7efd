package plugin

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"math"
	"sync/atomic"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/abi"
)

// queries implements [host.Reader]. It checks the context between events and between steps.
type queries struct {
	acquire func() (v *view, release func(), err error)
	// onlyRows is set when the module refused format 5, as one that was built before does.
	onlyRows atomic.Bool
}

// contextEvery is the number of events between checks of the context.
const contextEvery = 64

// each iterates over the events of a question.
func (q *queries) each(ctx context.Context, r abi.Request) iter.Seq2[event.Event, error] {
	inRows := rows(ctx, q, r, func(b []byte) (event.Event, []byte, error) {
		row, _, rest, err := abi.DecodeRow(b)
		return row.Event, rest, err
	})
	if r.Op != abi.OpQuery && r.Op != abi.OpStream {
		return inRows
	}
	r.Format = abi.FormatRecords
	return func(yield func(event.Event, error) bool) {
		if q.onlyRows.Load() {
			inRows(yield)
			return
		}
		var d abi.Records
		given, refused := false, false
		rowsInto(ctx, q, r, d.Next)(func(e event.Event, err error) bool {
			if refused = !given && err != nil && errors.Is(err, abi.ErrRequest); refused {
				return false
			}
			given = true
			return yield(e, err)
		})
		if !refused {
			return
		}
		inRows(func(e event.Event, err error) bool {
			if err == nil { // it was the format that the module refused
				q.onlyRows.Store(true)
			}
			return yield(e, err)
		})
	}
}

// rows iterates over the rows of a question. decode decodes the first row of an answer and
// returns the rest; what it returns must not alias the answer.
func rows[T any](ctx context.Context, q *queries, r abi.Request, decode func([]byte) (T, []byte, error)) iter.Seq2[T, error] {
	return rowsInto(ctx, q, r, func(b []byte, row *T) (rest []byte, err error) {
		*row, rest, err = decode(b)
		return rest, err
	})
}

// rowsInto is rows with a function that decodes in place.
func rowsInto[T any](ctx context.Context, q *queries, r abi.Request, decode func([]byte, *T) ([]byte, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err := iterate(ctx, q, r, decode, func(row T) bool { return yield(row, nil) }); err != nil {
			var none T
			yield(none, err)
		}
	}
}

// iterate passes rows to yield until it returns false. If the instance traps before the first
// row, the question is asked once more.
func iterate[T any](ctx context.Context, q *queries, r abi.Request, decode func([]byte, *T) ([]byte, error), yield func(T) bool) error {
	if err := cmp.Or(ctx.Err(), r.CheckSubject()); err != nil {
		return err
	}
	v, release, err := q.acquire()
	if err != nil {
		return err
	}
	defer release()
	given := false
	return again(ctx, func() bool { return !given }, func() error {
		return iterateOn(ctx, v, r, decode, func(row T) bool {
			given = true
			return yield(row)
		})
	})
}

// again calls ask, and calls it once more if the instance was lost and may returns true.
func again(ctx context.Context, may func() bool, ask func() error) error {
	err := ask()
	var trap *TrapError
	if (errors.As(err, &trap) || errors.Is(err, ErrLost)) && ctx.Err() == nil && may() {
		err = ask()
	}
	return err
}

// iterateOn is iterate on one instance. Between two answers it unlocks the instance, so that
// the loop may run other queries.
func iterateOn[T any](ctx context.Context, v *view, r abi.Request, decode func([]byte, *T) ([]byte, error), yield func(T) bool) error {
	m, err := v.lock(ctx)
	if err != nil {
		return err
	}
	var t *question
	held, over := true, false
	defer func() { // also runs if yield panics or calls runtime.Goexit
		switch {
		case over:
		case held:
			if t != nil {
				t.drop()
			}
			v.unlock(m)
		default:
			v.end(m, t)
		}
	}()
	t, err = v.begin(ctx, m, &r)
	var some []T
	n := 0
	for {
		if err == nil {
			some, err = decodeRows(some[:0], t, decode)
		}
		ends := err != nil || t.state == abi.Done
		if ends && t != nil {
			t.drop()
		}
		v.unlock(m)
		held, over = false, ends
		for _, e := range some {
			if n++; n%contextEvery == 0 && ctx.Err() != nil {
				err = ctx.Err()
			}
			if err != nil && !over || !yield(e) {
				return err
			}
		}
		if over {
			return err
		}
		if err := m.turn.lockContext(ctx); err != nil {
			return err
		}
		held = true
		some, err = some[:0], t.next(ctx)
	}
}

// decodeRows appends the rows of an answer. They do not alias the sandbox's memory.
func decodeRows[T any](rows []T, t *question, decode func([]byte, *T) ([]byte, error)) ([]T, error) {
	if t.state == abi.Again {
		return rows, nil
	}
	b, err := t.answer()
	if err != nil {
		return rows, err
	}
	for range t.count {
		var row T
		rows = append(rows, row)
		if b, err = decode(b, &rows[len(rows)-1]); err != nil {
			return rows[:len(rows)-1], err
		}
	}
	if len(b) > 0 {
		return rows, abi.ErrWire
	}
	return rows, nil
}

// on runs a query with a single answer and decodes it.
func on[T any](ctx context.Context, q *queries, r abi.Request, decode func([]byte) (T, error)) (answer T, err error) {
	if err := cmp.Or(ctx.Err(), r.CheckSubject()); err != nil {
		return answer, err
	}
	v, release, err := q.acquire()
	if err != nil {
		return answer, err
	}
	defer release()
	err = again(ctx, func() bool { return true }, func() error {
		m, err := v.lock(ctx)
		if err != nil {
			return err
		}
		defer v.unlock(m)
		return v.ask(ctx, m, &r, func(b []byte, _ uint32) (err error) {
			answer, err = decode(b)
			return err
		})
	})
	return answer, err
}

// Query returns the visible events of a region in order of sequence, or in reverse.
func (q *queries) Query(ctx context.Context, region host.Region, page host.Page) iter.Seq2[event.Event, error] {
	return q.each(ctx, abi.Request{
		Op: abi.OpQuery, Region: region.Core(), From: page.From, Limit: uint64(max(page.Limit, 0)), To: page.To, Reverse: page.Reverse,
	})
}

// Count returns how many events Query would return from a sequence on.
func (q *queries) Count(ctx context.Context, region host.Region, from uint64) (uint64, error) {
	return on(ctx, q, abi.Request{Op: abi.OpCount, Region: region.Core(), From: from}, func(b []byte) (uint64, error) {
		if len(b) != 8 {
			return 0, abi.ErrWire
		}
		return binary.LittleEndian.Uint64(b), nil
	})
}

// Stream returns the visible events of one entity in order of clocks, or in reverse.
func (q *queries) Stream(ctx context.Context, entity string, page host.StreamPage) iter.Seq2[event.Event, error] {
	return q.each(ctx, abi.Request{
		Op: abi.OpStream, Region: query.Region{Entity: entity},
		From: uint64(page.From), Limit: uint64(max(page.Limit, 0)), To: uint64(page.To), Reverse: page.Reverse,
	})
}

// Ancestors returns the causes of an event, nearest first, without the event itself. depth
// bounds the number of steps, 0 for no bound. An unknown id is [host.ErrNotFound].
func (q *queries) Ancestors(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error] {
	return q.each(ctx, abi.Request{Op: abi.OpAncestors, ID: id, Limit: uint64(max(depth, 0))})
}

// Effects returns the events that an event caused, the events that those caused, and so on:
// nearest first, by sequence at the same distance, without the event itself. depth bounds
// the distance, 0 for no bound. An id that is neither an event of the store nor a cause of
// one is [host.ErrNotFound].
func (q *queries) Effects(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error] {
	return q.each(ctx, abi.Request{Op: abi.OpEffects, ID: id, Limit: uint64(max(depth, 0))})
}

// Correlated returns the visible events of one conversation in order of sequence.
func (q *queries) Correlated(ctx context.Context, id event.ID) iter.Seq2[event.Event, error] {
	return q.each(ctx, abi.Request{Op: abi.OpCorrelated, ID: id})
}

// State returns the state that an append can expect of an entity: whether it has visible
// events, and the clock of the last one.
func (q *queries) State(ctx context.Context, entity string) (host.State, error) {
	r := abi.Request{Op: abi.OpState, Region: query.Region{Entity: entity}}
	return on(ctx, q, r, func(b []byte) (host.State, error) {
		if len(b) != 8 {
			return host.State{}, abi.ErrWire
		}
		le := binary.LittleEndian
		return host.State{Some: le.Uint32(b) == 1, Clock: le.Uint32(b[4:])}, nil
	})
}

// Position returns the position after every event that the reader sees. It is the zero
// Position for a store without events.
func (q *queries) Position(ctx context.Context) (host.Position, error) {
	return on(ctx, q, abi.Request{Op: abi.OpPosition}, func(b []byte) (p host.Position, err error) {
		if len(b) != event.IDSize+8 {
			return p, abi.ErrWire
		}
		copy(p.Store[:], b)
		p.Sequence = binary.LittleEndian.Uint64(b[event.IDSize:])
		return p, nil
	})
}

// Get returns the visible event with an id, and its payload, which it reads from the segment
// and checks. It returns [host.ErrNotFound] for an unknown id, and a *[host.Damage] for an
// event that can no longer be read. A redacted event comes with a *[host.RedactedError] and
// without payload.
func (q *queries) Get(ctx context.Context, id event.ID) (event.Full, error) {
	return on(ctx, q, abi.Request{Op: abi.OpGet, Format: abi.FormatFullRows, ID: id}, decodeFull)
}

// At returns the visible event with a sequence, without its payload. It returns
// [host.ErrNotFound] for any other sequence.
func (q *queries) At(ctx context.Context, sequence uint64) (event.Event, error) {
	if sequence == math.MaxUint64 { // no event has it, and no page ends after it
		return event.Event{}, cmp.Or(ctx.Err(), host.ErrNotFound)
	}
	for e, err := range q.Query(ctx, host.Region{}, host.Page{From: sequence, To: sequence + 1, Limit: 1}) {
		return e, err
	}
	return event.Event{}, host.ErrNotFound
}

// Read returns, as Get does, an event that a query returned, and its payload.
func (q *queries) Read(ctx context.Context, e event.Event) (event.Full, error) {
	return on(ctx, q, abi.Request{Op: abi.OpRead, Format: abi.FormatFullRows, Row: abi.AppendRow(nil, &e)}, decodeFull)
}

func decodeFull(b []byte) (event.Full, error) {
	e, full, rest, err := abi.DecodeRow(b)
	if err == nil && (!full || len(rest) > 0) {
		err = abi.ErrWire
	}
	if err == nil {
		err = store.Redaction(&e)
	}
	return e, err
}
