package replay

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/segment"
)

// squeeze moves events down for a sequence from a footer that guesses have
// passed: a damaged frame that seemed to have a sequence, or a batch that
// seemed to be committed. It reports whether the events since the last sure
// sequence fit before it.
func (s *Scan) squeeze(hint uint64) bool {
	first := min(s.sureAt, s.log.draft.Len())
	if hint < s.sure || uint64(s.log.draft.Len()-first) > hint-s.sure {
		return false
	}
	s.log.draft.Renumber(first, s.sure)
	for _, d := range s.report.Damages {
		if d.EndSequence > s.sure && d.FirstSequence < d.EndSequence {
			// It is no longer known which of them.
			d.FirstSequence, d.EndSequence = min(max(d.FirstSequence, s.sure), hint), hint
			for i := range d.Events {
				d.Events[i].Numbered = false
			}
		}
	}
	s.log.least, s.log.next = hint, hint
	return true
}

// leap reports the sequences that a footer skips before the next event.
func (s *Scan) leap(to uint64) {
	switch from := s.log.next; {
	case s.open != nil:
		s.open.EndSequence, s.open = max(to, s.open.FirstSequence), nil
	case to <= from:
	case s.unsealed:
		// The gap directly follows a segment that was never sealed: its last
		// events were cut off.
		u := s.report.Unsealed[len(s.report.Unsealed)-1]
		s.report.Damages = append(s.report.Damages, &damage.Damage{
			File: u.File, Offset: u.Offset, Reason: damage.SequenceGap, FirstSequence: from, EndSequence: to,
		})
	case s.jump:
		s.report.Damages = append(s.report.Damages, &damage.Damage{
			File: segment.Name(s.last + 1), Reason: damage.SegmentMissing, FirstSequence: from, EndSequence: to,
		})
	case s.thinned:
		s.thin(from, to)
	default:
		s.report.Gaps = append(s.report.Gaps, Gap{File: s.file, First: from, End: to})
	}
}
