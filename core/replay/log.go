package replay

import "github.com/thawlog/thaw/core/artifact"

// Log holds committed records, and the state that numbers the next one. It is
// for one goroutine.
type Log struct {
	draft     *artifact.Draft
	committed int
	floor     uint64 // the next sequence that the artifact recorded
	least     uint64 // above every used sequence
	next      uint64 // the sequence of an event without a number
}

// NewLog returns an empty log that follows records with sequences below taken.
// It assigns sequences from floor on: the next sequence that the artifact
// recorded, or 0.
func NewLog(taken, floor uint64) *Log {
	return &Log{draft: artifact.NewDraft(), floor: floor, least: taken, next: max(taken, floor)}
}

// Draft returns the log's records, of which the first Committed ones count.
func (l *Log) Draft() *artifact.Draft { return l.draft }

// Forget frees committed records as [artifact.Draft.Forget] does, for a caller
// that has used them and continues to read. Call it between two segments.
func (l *Log) Forget() { l.draft.Forget(l.committed) }

// Spill is Forget that calls put with what it drops: see [artifact.Draft.Spill].
func (l *Log) Spill(put func(records []byte) error) error { return l.draft.Spill(l.committed, put) }

// Committed returns the number of visible records.
func (l *Log) Committed() int { return l.committed }

// Next returns the sequence that replay gives to the next event without a number.
func (l *Log) Next() uint64 { return l.next }

// NextSequence returns the next sequence that a writer may assign. It never
// falls below the floor.
func (l *Log) NextSequence() uint64 { return max(l.next, l.floor) }

// reserve skips n sequences, for events that had them and cannot be read.
func (l *Log) reserve(n uint64) {
	if n == 0 {
		return
	}
	l.next += min(n, artifact.MaxAllocator-min(l.next, artifact.MaxAllocator))
	l.least = l.next
}
