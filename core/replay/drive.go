package replay

import (
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
)

// Segments are the segments of a store, and how much of them [Scan.Drive] reads.
type Segments struct {
	// All lists every segment, by rising id.
	All []Segment
	// Open opens a segment by its name.
	Open func(name string) (source.Source, error)
	// To, when set, is where reading ends, as if the log went on after it: no segment is
	// the newest then.
	To *Place
	// Mark, when set, says how much of the newest segment was known to be on disk. What
	// is wrong after that is a write that was under way, not damage.
	Mark *synced.Mark
	// After, when set, is called after each segment that was read.
	After func(Segment)
}

// Segment is one of them.
type Segment struct {
	ID uint64
	// Size is in bytes, below 0 when it is not known.
	Size int64
}

// newest is the highest id, 0 without a segment.
func (in *Segments) newest() uint64 {
	if len(in.All) == 0 {
		return 0
	}
	return in.All[len(in.All)-1].ID
}

// Drive reads segments from the place on where the scan begins, and ends the log. It
// is the only loop over segments, so that open, repair and verification agree on what a
// loss is:
//
//   - a segment that cannot be opened or read is an error: a [source.ReadError] that
//     names it, or [source.ErrGone];
//   - one that ends while it is read, or takes too much effort, is damage in the report;
//   - so is a newest segment that is shorter than Mark says, or missing.
//
// Other errors are the stop function's, [ErrSequence] and [artifact.ErrFull]. After an
// error the log is of no use.
func (s *Scan) Drive(in Segments) error {
	from := s.at
	for _, seg := range in.All {
		if seg.ID < from.Segment || in.To != nil && seg.ID > in.To.Segment {
			continue
		}
		part := input{id: seg.ID, newest: in.To == nil && seg.ID == in.newest()}
		if part.newest && in.Mark != nil && in.Mark.Segment == seg.ID {
			part.mark = in.Mark
		}
		if seg.ID == from.Segment {
			part.from = from.Offset
		}
		if seg.Size >= 0 && part.ends(seg.Size) {
			continue
		}
		name := segment.Name(seg.ID)
		src, err := in.Open(name)
		if err != nil {
			return source.Failed(name, -1, err)
		}
		if seg.Size < 0 && part.ends(src.Size()) {
			continue
		}
		if in.To != nil && seg.ID == in.To.Segment && uint64(max(src.Size(), 0)) > in.To.Offset {
			src = source.Part(src, 0, in.To.Offset)
		}
		part.source = src
		if err := s.readSegment(part); err != nil {
			return err
		}
		if in.After != nil {
			in.After(seg)
		}
	}
	s.finish()
	if in.To == nil && in.Mark.Lacks(in.newest()) {
		s.missing(in.Mark)
	}
	return nil
}

// ends reports whether a segment of so many bytes holds nothing after the place where
// reading begins. One that was known to hold more is read, to report the loss.
func (in *input) ends(size int64) bool {
	bytes := uint64(max(size, 0))
	return in.from > 0 && bytes <= in.from && !(in.mark != nil && bytes < in.mark.Offset)
}
