package replay

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/segment"
)

// header reads the segment's header and returns the offset of the first frame.
// why says what is wrong with the header; then from is 0.
func (s *Scan) header(in input) (from uint64, why *damage.Refusal, err error) {
	if in.from > 0 {
		return in.from, nil, nil
	}
	h, n, err := segment.ReadHeader(in.source)
	switch {
	case errors.As(err, &why):
		return 0, why, nil
	case err != nil:
		return 0, nil, err
	case h.SegmentID != in.id:
		return 0, damage.Refuse(damage.SegmentID, 0, nil), nil
	}
	if s.thinned = h.Thinned(); s.thinned {
		s.gone = Thinned{File: s.file, Flags: h.Flags}
	}
	return uint64(n), nil, nil
}

// salvageable reports whether to search for frames after a bad header. It
// reports the loss when not.
func (s *Scan) salvageable(in input, why *damage.Refusal) bool {
	size := uint64(max(in.source.Size(), 0))
	if in.unproven(0) { // nothing in it was acknowledged
		if !s.batch.open {
			s.at = Place{Segment: in.id, Offset: 0}
		}
		s.report.Torn = &Torn{File: s.file, Length: size, Unproven: true, Frames: why.Reason != damage.Short}
		return false
	}
	switch why.Reason {
	case damage.Short:
		if in.newest && in.mark == nil { // a crash before the header was whole: nothing was acknowledged
			if !s.batch.open {
				s.at = Place{Segment: in.id, Offset: 0}
			}
			s.report.Torn = &Torn{File: s.file, Length: size}
			return false
		}
		if in.shortened() {
			s.checkLength(in)
			return false
		}
	case damage.SegmentID, damage.Version: // a copy, or another frame format
	default:
		return true
	}
	s.lose(&damage.Damage{File: s.file, Length: size, Reason: why.Reason, Err: why.Err})
	return false
}
