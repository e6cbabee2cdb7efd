package plugin

import (
	"cmp"
	"context"
	"iter"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/abi"
)

// A request for payloads begins small, so that the first event comes soon, and grows to what
// a request can hold.
const firstRows = 16

// ReadEach returns the events of an iteration in its order, each as Read returns it, with
// its payload. It asks the sandbox for some tens of them at once. The first error, of the
// iteration or of an event, ends it after the events before it. Only a *[host.RedactedError]
// does not: it comes with its event, and a loop that goes on gets the events after it.
//
// A payload is valid until the loop's next step, and not after the loop: clone it to keep
// it. The iteration must be one of this reader, begun after its last refresh or in progress.
func (q *queries) ReadEach(ctx context.Context, events iter.Seq2[event.Event, error]) iter.Seq2[event.Full, error] {
	return func(yield func(event.Full, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(event.Full{}, err)
			return
		}
		r := eachReader{queries: q, ctx: ctx, yield: yield, most: firstRows}
		defer r.end()
		for e, err := range events {
			if err == nil && e.Position == (event.Position{}) {
				err = cmp.Or(commit.CheckID(e.ID), host.ErrNotFound)
			}
			if err != nil {
				if r.flush() {
					yield(event.Full{}, err)
				}
				return
			}
			if !r.add(&e) {
				return
			}
		}
		r.flush()
	}
}

// eachReader is the state of one ReadEach.
type eachReader struct {
	queries *queries
	ctx     context.Context
	yield   func(event.Full, error) bool

	view    *view // once there were events
	release func()

	rows  []byte // of the next request
	count int
	most  int
	full  []event.Full // of its answer
}

// add adds an event to the next request. It returns false when the iteration is over.
func (r *eachReader) add(e *event.Event) bool {
	before := len(r.rows)
	r.rows = abi.AppendRow(r.rows, e)
	if len(r.rows) > abi.MaxRequest-abi.RequestSize && r.count > 0 {
		row := r.rows[before:]
		r.rows = r.rows[:before]
		if !r.flush() {
			return false
		}
		r.rows = append(r.rows, row...)
	}
	r.count++
	return r.count < r.most || r.flush()
}

// flush asks for the events that were added, and yields them. It returns false when the
// iteration is over.
func (r *eachReader) flush() bool {
	if r.count == 0 {
		return true
	}
	err := r.ask()
	for i := range r.full {
		if !r.yield(r.full[i], store.Redaction(&r.full[i])) {
			return false
		}
	}
	if err != nil {
		r.yield(event.Full{}, err)
		return false
	}
	r.rows, r.count, r.most = r.rows[:0], 0, abi.MaxRows
	return true
}

// ask reads the events of one request. After an error it has those before it. If the instance
// traps it asks once more, since none of them has been yielded.
func (r *eachReader) ask() (err error) {
	r.full = r.full[:0]
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if r.view == nil { // not before the iteration has begun, whose view must not be newer
		if r.view, r.release, err = r.queries.acquire(); err != nil {
			return err
		}
	}
	return again(r.ctx, func() bool { return true }, r.askOnce)
}

func (r *eachReader) askOnce() error {
	r.full = r.full[:0]
	m, err := r.view.lock(r.ctx)
	if err != nil {
		return err
	}
	defer r.view.unlock(m)
	q := abi.Request{Op: abi.OpReadEach, Format: abi.FormatFullRows, Rows: abi.MaxRows, Row: r.rows}
	err = r.view.ask(r.ctx, m, &q, func(b []byte, count uint32) error {
		for range count {
			e, full, rest, err := abi.DecodeRow(b)
			if err == nil && !full {
				err = abi.ErrWire
			}
			if err != nil {
				return err
			}
			r.full, b = append(r.full, e), rest
		}
		if len(b) > 0 {
			return abi.ErrWire
		}
		return nil
	})
	if len(r.full) > r.count || err == nil && len(r.full) < r.count {
		r.full = r.full[:0]
		err = abi.ErrWire
	}
	return err
}

func (r *eachReader) end() {
	if r.release != nil {
		r.release()
	}
}
