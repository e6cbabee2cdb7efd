package replay

import (
	"slices"

	"github.com/thawlog/thaw/core/artifact"
)

// savepoint is the state of a scan between two segments, to return to when a
// footer turns out wrong half way.
type savepoint struct {
	scan      Scan
	committed int
	least     uint64
	next      uint64
	draft     artifact.Savepoint
	openEnd   uint64
	// held has the records of a batch that is open across the two segments. The
	// second segment may drop them.
	held *artifact.Draft
}

func (s *Scan) savepoint() savepoint {
	b := savepoint{scan: *s, committed: s.log.committed, least: s.log.least, next: s.log.next, draft: s.log.draft.Savepoint()}
	if s.open != nil {
		b.openEnd = s.open.EndSequence
	}
	if s.batch.open {
		b.draft = s.batch.txn.draft
		b.held = artifact.NewDraft()
		b.scan.batch.staged = slices.Clone(s.batch.staged)
		// These records fitted once, so they fit again.
		_ = b.held.AppendFrom(s.log.draft, s.batch.txn.first())
	}
	return b
}

// restore undoes everything since the savepoint. Slices of the saved state have
// their old lengths; later elements are overwritten.
func (s *Scan) restore(b savepoint) {
	*s = b.scan
	s.log.draft.Rollback(b.draft)
	if b.held != nil {
		_ = s.log.draft.AppendFrom(b.held, 0)
	}
	s.log.committed, s.log.least, s.log.next = b.committed, b.least, b.next
	if s.open != nil {
		s.open.EndSequence = b.openEnd
	}
}

// Continue returns a scan that continues s over the same log, with an empty
// report. s must not be used for reading any more. The scan changes no record
// that the log already holds, since a view may be reading it.
func (s *Scan) Continue(stop func() error) *Scan {
	return &Scan{log: s.log, at: s.at, last: s.last, stop: stop, sure: s.log.least, sureAt: s.log.draft.Len(), continued: s.ending}
}
