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

// NewLog is an empty log behind records of which the highest sequence is below
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

// Committed is the number of records that readers may see.
func (l *Log) Committed() int { return l.committed }

// Next is the sequence that an event without a number gets.
func (l *Log) Next() uint64 { return l.next }

// Allocator is the next sequence a writer may give out. It never falls below
// the floor.
func (l *Log) Allocator() uint64 { return max(l.next, l.floor) }

// Reserve leaves n sequences unused, for events that are known to have had
// them and cannot be read.
func (l *Log) Reserve(n uint64) {
	if n == 0 {
		return
	}
	l.next += min(n, artifact.MaxAllocator-min(l.next, artifact.MaxAllocator))
	l.least = l.next
}

// Cursor is one change to a log that happens as a whole or not at all. At most
// one may be open at a time.
type Cursor struct {
	log         *Log
	mark        artifact.Savepoint
	least, next uint64
}

// Begin opens a cursor.
func (l *Log) Begin() Cursor { return Cursor{l, l.draft.Savepoint(), l.least, l.next} }

// Insert adds an event under the next free sequence and returns it.
func (c Cursor) Insert(f event.Facts, entity, scope []byte) (sequence uint64, err error) {
	return c.InsertAt(c.log.next, f, entity, scope)
}

// InsertAt adds an event under a sequence that is known, which must be above
// every one that is taken. It may lie below the floor: a sequence that was
// given out after the artifact was written says that the floor is too high.
func (c Cursor) InsertAt(sequence uint64, f event.Facts, entity, scope []byte) (uint64, error) {
	if err := c.allows(sequence); err != nil {
		return 0, err
	}
	r := event.Record{Facts: f}
	var err error
	if r.Entity, err = c.log.draft.Intern(entity); err != nil {
		return 0, err
	}
	if r.Scope, err = c.log.draft.Intern(scope); err != nil {
		return 0, err
	}
	r.Sequence = sequence
	if err := c.log.draft.Add(&r); err != nil {
		return 0, err
	}
	c.took(sequence)
	return sequence, nil
}

func (c Cursor) allows(sequence uint64) error {
	if sequence < c.log.least || sequence >= artifact.MaxAllocator {
		return ErrSequence
	}
	return nil
}

// took notes that a sequence is taken.
func (c Cursor) took(sequence uint64) { c.log.least, c.log.next = sequence+1, sequence+1 }

// Commit makes everything inserted visible.
func (c Cursor) Commit() { c.log.committed = c.log.draft.Len() }

// Abort takes everything inserted back, the sequences included.
func (c Cursor) Abort() {
	c.log.draft.Rollback(c.mark)
	c.log.least, c.log.next = c.least, c.next
}

// First is the number of the first record inserted through the cursor.
func (c Cursor) First() int { return c.mark.Records() }
