package host

import (
	"errors"
	"sync/atomic"

	"github.com/thawlog/thaw/core/commit"
)

// request is one call that waits for the writer. The caller may go away while it
// waits, so nothing in it is used again.
type request struct {
	kind    requestKind
	entries []commit.Entry
	one     [1]commit.Entry // what entries holds for a single append

	receipts []Receipt
	first    [1]Receipt // what receipts grows from
	err      error
	done     chan struct{}
	state    atomic.Int32
}

type requestKind uint8

const (
	requestAppend requestKind = iota // one event
	requestBatch                     // all or nothing
	requestEach                      // one after the other, up to the first error
	requestSync
)

// The states of a request.
const (
	stateWaiting int32 = iota
	stateTaken
	stateAbandoned
)

func newRequest(kind requestKind) *request {
	return &request{kind: kind, done: make(chan struct{})}
}

// begin says that the writer has the request. It is false when the caller has
// gone before.
func (r *request) begin() bool { return r.state.CompareAndSwap(stateWaiting, stateTaken) }

// abandon says that the caller goes away. It is false when the writer has the
// request already.
func (r *request) abandon() bool { return r.state.CompareAndSwap(stateWaiting, stateAbandoned) }

// stage gives the request's events to the log.
func (r *request) stage(log *commit.Log, nowUS int64) error {
	switch r.kind {
	case requestAppend:
		receipt, err := log.Append(&r.entries[0], nowUS)
		r.receipts = append(r.first[:0], receipt)
		return err
	case requestBatch:
		var err error
		r.receipts, err = log.AppendBatch(make([]Receipt, 0, len(r.entries)), r.entries, nowUS)
		return err
	case requestEach:
		for i := range r.entries {
			receipt, err := log.Append(&r.entries[i], nowUS)
			if err != nil {
				return &EachError{Done: i, Err: err}
			}
			r.receipts = append(r.receipts, receipt)
		}
	}
	return nil
}

// dependsOnGroup reports whether the outcome holds only if this group reaches the disk:
// the request's events are in it, or were refused because of events in it.
func (r *request) dependsOnGroup() bool {
	return r.err == nil || r.kind == requestEach ||
		errors.Is(r.err, ErrConflict) || errors.Is(r.err, ErrKey)
}

// finish answers the caller.
func (r *request) finish(err error) {
	r.err = err
	close(r.done)
}
