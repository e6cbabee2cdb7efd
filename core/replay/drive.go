package replay

import (
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
)

// Segments describes the segments of a store, and how much of them [Scan.Drive]
// reads.
type Segments struct {
	Files   directory.Files
	Listing *directory.Listing
	// To, when set, is where reading ends. Drive treats the log as continuing
	// after it: no segment is the newest then.
	To *Place
	// Mark, when set, is the sync mark of the newest segment. Wrong bytes after
	// it are an unfinished write, not damage.
	Mark *synced.Mark
	// After, when set, is called after each segment read.
	After func(directory.SegmentEntry)
}

// Drive reads the segments from the scan's start on, and ends the log. It is the
// only loop over segments, so open, repair and verification agree on what a loss
// is:
//
//   - a segment that cannot be opened or read is an error: a [source.ReadError]
//     with its name, or [source.ErrGone];
//   - a segment that ends while it is read, or takes too much effort, is damage
//     in the report;
//   - so is a newest segment that is missing, or shorter than Mark says.
//
// Other errors are the stop function's, [ErrSequence] and [artifact.ErrFull].
// After an error the log must not be used.
func (s *Scan) Drive(in Segments) error {
	from := s.at
	newest := in.Listing.Newest()
	for _, seg := range in.Listing.Segments {
		if seg.ID < from.Segment || in.To != nil && seg.ID > in.To.Segment {
			continue
		}
		part := input{id: seg.ID, newest: in.To == nil && seg.ID == newest}
		if part.newest && in.Mark != nil && in.Mark.Segment == seg.ID {
			part.mark = in.Mark
		}
		if seg.ID == from.Segment && from.Offset > 0 {
			part.from = from.Offset
			if size, ok := in.Listing.Size(seg.ID); ok && part.ends(size) && !s.newlyUnsealed(&part) {
				continue
			}
		}
		src, err := directory.Open(in.Files, seg.Name)
		if err != nil {
			return err
		}
		if in.To != nil && seg.ID == in.To.Segment {
			src = source.Cut(src, in.To.Offset)
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
	if in.To == nil && in.Mark.Lacks(newest) {
		s.missing(in.Mark)
	}
	return nil
}

// ends reports whether a segment of size bytes holds nothing after the place
// where reading starts. A segment known to have held more is still read, to
// report the loss.
func (in *input) ends(size uint64) bool {
	return size <= in.from && !(in.mark != nil && size < in.mark.Offset)
}

// newlyUnsealed reports whether the scan that this one continues read a segment as the
// newest, without a footer, and a newer one follows now. Its end is then an unclean stop,
// which only reading it reports.
func (s *Scan) newlyUnsealed(in *input) bool {
	return !in.newest && s.continued.Segment == in.id && !s.continued.Sealed
}
