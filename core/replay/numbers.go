package replay

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/segment"
)

// squeeze makes room for a sequence that a footer gives and that guesses have
// passed: a damaged frame that was thought to have had a number, or a batch that
// was thought to have been committed. It reports whether the events since the
// last sure number fit in front of it.
func (s *Scan) squeeze(hint uint64) bool {
	first := min(s.sureAt, s.log.draft.Len())
	if hint < s.sure || uint64(s.log.draft.Len()-first) > hint-s.sure {
		return false
	}
	s.log.draft.Renumber(first, s.sure)
	for _, d := range s.report.Damages {
		if d.EndSequence > s.sure && d.FirstSequence < d.EndSequence {
			// Which of them it was can no longer be said.
			d.FirstSequence, d.EndSequence = min(max(d.FirstSequence, s.sure), hint), hint
			for i := range d.Events {
				d.Events[i].Numbered = false
			}
		}
	}
	s.log.least, s.log.next = hint, hint
	return true
}

// leap notes the sequences that a footer leaves out before the next event.
func (s *Scan) leap(to uint64) {
	switch from := s.log.next; {
	case s.open != nil:
		s.open.EndSequence, s.open = max(to, s.open.FirstSequence), nil
	case to <= from:
	case s.unsealed:
		// Numbers are left out right behind a segment that was never sealed: its
		// last events were cut off.
		u := s.report.Unsealed[len(s.report.Unsealed)-1]
		s.report.Damages = append(s.report.Damages, &damage.Damage{
			File: u.File, Offset: u.Offset, Reason: damage.SequenceGap, FirstSequence: from, EndSequence: to,
		})
	case s.jump:
		s.report.Damages = append(s.report.Damages, &damage.Damage{
			File: segment.Name(s.last + 1), Reason: damage.SegmentMissing, FirstSequence: from, EndSequence: to,
		})
	default:
		s.report.Gaps = append(s.report.Gaps, Gap{File: s.file, First: from, End: to})
	}
}
