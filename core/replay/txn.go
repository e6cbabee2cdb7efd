package replay

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// ErrSequence is returned when a sequence would not rise, or would pass 2^63.
var ErrSequence = errors.New("replay: a sequence does not follow the one before")

// Log is a run of committed records, and the state that numbers the next. It
// is for one goroutine.
type Log struct {
	draft     *artifact.Draft
	committed int
	floor     uint64 // what the artifact says is free
	least     uint64 // above every sequence that is taken
	next      uint64 // what an event without a number gets
}

// NewLog returns an empty log behind records of which the highest sequence is below
// taken. It gives out sequences from floor on: the allocator that the artifact
// recorded, or 0.
func NewLog(taken, floor uint64) *Log {
	return &Log{draft: artifact.NewDraft(), floor: floor, least: taken, next: max(taken, floor)}
}

// Draft holds the log's records, of which the first Committed ones count.
func (l *Log) Draft() *artifact.Draft { return l.draft }

// Forget lets go of committed records, as [artifact.Draft.Forget] does, for who has
// seen them and goes on reading. It is called between two segments.
func (l *Log) Forget() { l.draft.Forget(l.committed) }

// Committed returns the number of records that readers may see.
func (l *Log) Committed() int { return l.committed }

// Next returns the sequence that an event without a number gets.
func (l *Log) Next() uint64 { return l.next }

// Allocator returns the next sequence a writer may give out. It never falls below
// the floor.
func (l *Log) Allocator() uint64 { return max(l.next, l.floor) }

// reserve leaves n sequences unused, for events that are known to have had
// them and cannot be read.
func (l *Log) reserve(n uint64) {
	if n == 0 {
		return
	}
	l.next += min(n, artifact.MaxAllocator-min(l.next, artifact.MaxAllocator))
	l.least = l.next
}

// txn is one change to a log that happens as a whole or not at all. At most
// one may be open at a time.
type txn struct {
	log         *Log
	draft       artifact.Savepoint
	least, next uint64
}

// begin opens a txn.
func (l *Log) begin() txn {
	return txn{log: l, draft: l.draft.Savepoint(), least: l.least, next: l.next}
}

// insert adds an event under the next free sequence and returns it.
func (t txn) insert(f event.Facts, entity, scope []byte) (sequence uint64, err error) {
	return t.insertAt(t.log.next, f, entity, scope)
}

// insertAt adds an event under a sequence that is known, which must be above
// every one that is taken. It may lie below the floor: a sequence that was
// given out after the artifact was written says that the floor is too high.
func (t txn) insertAt(sequence uint64, f event.Facts, entity, scope []byte) (uint64, error) {
	if err := t.allows(sequence); err != nil {
		return 0, err
	}
	r := event.Record{Facts: f}
	var err error
	if r.Entity, err = t.log.draft.Intern(entity); err != nil {
		return 0, err
	}
	if r.Scope, err = t.log.draft.Intern(scope); err != nil {
		return 0, err
	}
	r.Sequence = sequence
	if err := t.log.draft.Add(&r); err != nil {
		return 0, err
	}
	t.took(sequence)
	return sequence, nil
}

func (t txn) allows(sequence uint64) error {
	if sequence < t.log.least || sequence >= artifact.MaxAllocator {
		return ErrSequence
	}
	return nil
}

// took notes that a sequence is taken.
func (t txn) took(sequence uint64) { t.log.least, t.log.next = sequence+1, sequence+1 }

// commit makes everything inserted visible.
func (t txn) commit() { t.log.committed = t.log.draft.Len() }

// abort takes everything inserted back, the sequences included.
func (t txn) abort() {
	t.log.draft.Rollback(t.draft)
	t.log.least, t.log.next = t.least, t.next
}

// first returns the number of the first record inserted through the txn.
func (t txn) first() int { return t.draft.Records() }
