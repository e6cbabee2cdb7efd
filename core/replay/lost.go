package replay

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/synced"
)

// checkLength reports a loss when the segment is shorter than was known to be
// on disk. A frame that is cut short is part of the loss.
func (s *Scan) checkLength(in input) {
	if !in.shortened() {
		return
	}
	at := uint64(max(in.source.Size(), 0))
	if s.hints == nil && !s.rest.Footer {
		at = s.rest.Offset
	}
	d := &damage.Damage{File: s.file, Offset: at, Length: in.mark.Offset - at, Reason: damage.Shortened}
	if s.rest.Named {
		d.Touch(damage.Touched{ID: s.rest.ID})
	}
	s.lose(d)
	s.skipLost(d.Length)
}

// missing reports that the segment of m, which follows all those read, does not
// exist, although it was known to be on disk up to m.Offset. Call it after
// finish.
func (s *Scan) missing(m *synced.Mark) {
	if m.First > s.log.next && m.First < artifact.MaxAllocator {
		s.log.reserve(m.First - s.log.next)
	}
	s.lose(&damage.Damage{File: segment.Name(m.Segment), Length: m.Offset, Reason: damage.SegmentMissing})
	s.skipLost(m.Offset)
}

// skipLost reserves the sequences of events that the lost bytes may have held.
// Only the sync mark shows a loss at the end of a segment, and the next segment
// overwrites the mark; then the skipped sequences before that segment show the
// loss.
func (s *Scan) skipLost(bytes uint64) {
	s.log.reserve(min(bytes/segment.LeastFrame+1, maxLost))
}

// maxLost bounds the sequences that one loss takes, for any sync mark.
const maxLost = 1 << 32

// cutShort ends the log before a step that is wrong and was never known to be
// on disk. Later frames were not acknowledged either, since a segment is
// written from front to end.
func (s *Scan) cutShort(in input, step *segment.Step) {
	size := uint64(max(in.source.Size(), 0))
	s.report.Torn = &Torn{File: s.file, Offset: step.Offset, Length: size - min(step.Offset, size), ID: step.ID, Named: step.Named, Unproven: true, Frames: true}
	s.ending.Whole = step.Offset
}
