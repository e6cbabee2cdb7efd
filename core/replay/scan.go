package replay

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
)

// aheadBlock is how much a scan reads ahead at once.
const aheadBlock = segment.AheadBlock

// Scan reads segments in the order of their ids into a log. It is for one
// goroutine.
type Scan struct {
	log    *Log
	report Report
	batch  batch
	gap    lastGap
	// open is the last damage whose end is not known yet.
	open *damage.Damage
	last uint64 // id of the last segment that was read or is covered

	// The segment being read:
	file  string
	hints *hints
	wrong bool // the footer contradicts the frames
	jump  bool // no event yet, and segment ids before this one are missing
	// unsealed reports whether no event has followed a segment without a footer
	// yet.
	unsealed bool
	partial  bool           // its begin was read before
	thinned  bool           // the header says that events are missing
	gone     Thinned        // what is missing so far
	guessed  *damage.Damage // reports that its events have no numbers
	at       Place
	rest     segment.Rest // after the frames of the segment, set by a walk
	stop     func() error
	ahead    *segment.Ahead // nil when frames are read one by one
	buffer   []byte         // of the segment's footer
	walker   *segment.Walker
	// sure is the sequence after the last one from the artifact or a footer,
	// and sureAt the record after it. Later records have guessed numbers.
	sure   uint64
	sureAt int
	// salvaged reports whether a batch was taken apart, so that the committed
	// records and the place to resume from no longer agree.
	salvaged bool
	// renumbered reports whether a footer has other sequences for events that
	// were read before it was written.
	renumbered bool
	ending     Ending
	continued  Ending // of the scan that this one continues
}

// lastGap is the damaged place that a COMMIT without BEGIN may explain: the
// last one outside a batch since the last marker.
type lastGap struct {
	damage *damage.Damage
	one    bool // exactly one frame, for which one sequence was kept free
	first  int  // the first record after it
	hinted bool // a later record has its sequence from a footer
}

// Place is a place in the log: an offset in a segment.
type Place struct{ Segment, Offset uint64 }

// NewScan returns a scan that reads into log. from is the end of the artifact
// before the log, or the zero Place. The scan calls stop now and then and ends
// with its error. stop may be nil.
func NewScan(log *Log, from Place, stop func() error) *Scan {
	return &Scan{log: log, last: from.Segment, at: from, stop: stop, sure: log.least, sureAt: log.draft.Len()}
}

// Parallel makes the scan read and decode frames ahead. run runs f(0) to
// f(n-1), on several goroutines where that pays, and returns when all are done.
// The result of the scan is the same.
func (s *Scan) Parallel(run func(n int, f func(i int))) {
	s.ahead = nil
	if run != nil {
		s.ahead = segment.NewAhead(aheadBlock, run)
	}
}

// Report returns the report so far.
func (s *Scan) Report() *Report { return &s.report }

// Log returns the log that the scan reads into.
func (s *Scan) Log() *Log { return s.log }

// Resume returns the place, after everything decided, from which a later scan
// of the same files can continue with the same log. ok is false when damage, a
// batch that was taken apart or a footer with other numbers leaves no such
// place.
func (s *Scan) Resume() (at Place, ok bool) {
	r := &s.report
	return s.at, len(r.Damages) == 0 && len(r.Unsealed) == 0 && len(r.Gaps) == 0 && !s.salvaged && !s.renumbered
}

// input is one segment to read.
type input struct {
	id     uint64
	source source.Source
	// from is the offset to start at: 0 for the header, otherwise the start of
	// a frame or the end of the frames.
	from uint64
	// newest reports whether this is the segment with the highest id.
	newest bool
	// mark is the sync mark when this is the newest segment and has one. Wrong
	// bytes after it are an unfinished write, not damage: the log ends before
	// them.
	mark *synced.Mark
}

// unproven reports whether an offset was never known to be on disk.
func (in *input) unproven(offset uint64) bool {
	return in.mark != nil && offset >= in.mark.Offset
}

// shortened reports whether the segment is shorter than was known to be on
// disk.
func (in *input) shortened() bool {
	return in.mark != nil && uint64(max(in.source.Size(), 0)) < in.mark.Offset
}

// readSegment reads one segment. Its errors are Drive's; damage goes into the
// report.
func (s *Scan) readSegment(in input) error {
	err := s.segment(in)
	if errors.Is(err, segment.ErrEffort) || errors.Is(err, source.ErrShort) {
		s.cutOff(in.id, err)
		return nil
	}
	return source.Named(segment.Name(in.id), err)
}

func (s *Scan) segment(in input) error {
	s.file = segment.Name(in.id)
	s.jump = in.id > s.last+1
	s.gap = lastGap{damage: s.gap.damage} // a marker cannot explain a gap in another segment
	s.ending, s.rest, s.hints = Ending{Segment: in.id}, segment.Rest{}, nil
	s.partial, s.thinned, s.guessed = in.from > 0, false, nil
	from, why, err := s.header(in)
	if err != nil {
		return err
	}
	if why != nil && !s.salvageable(in, why) {
		s.last = in.id
		return nil
	}
	if in.from == 0 {
		s.startAt(in.mark)
	}
	if !s.batch.open {
		s.at = Place{Segment: in.id, Offset: from}
	}
	footer, err := s.findFooter(in, from)
	if err != nil {
		return err
	}
	if footer != nil && !footer.confirms(s.log.draft, in.id) {
		s.renumbered = true
	}
	before := s.savepoint()
	if err := s.walk(in, from, footer, why); err != nil {
		return err
	}
	if footer == nil && in.mark == nil {
		if footer, err = s.salvageFooter(in, from); err != nil {
			return err
		}
		if footer != nil {
			s.restore(before)
			if err := s.walk(in, from, footer, why); err != nil {
				return err
			}
		}
	}
	if s.wrong { // the next walk stops before the footer and reports it
		s.restore(before)
		if err := s.walk(in, from, nil, why); err != nil {
			return err
		}
	}
	s.checkLength(in)
	s.endThinned()
	s.last = in.id
	return nil
}

// finish ends the log. A batch that is still open was not finished.
func (s *Scan) finish() {
	begin := Place{Segment: s.batch.segment, Offset: s.batch.offset}
	open, kept := s.batch.open, s.log.committed
	s.abandon()
	s.ahead, s.hints, s.buffer, s.walker = nil, nil, nil, nil // a view may keep the scan
	switch {
	case s.ending.Mixed || !open:
	case s.log.committed > kept:
		s.ending.Mixed = true
	case begin.Segment == s.ending.Segment:
		s.ending.Whole = begin.Offset
	default:
		s.ending.Mixed = true
	}
}

// Ending describes the end of the last segment read.
type Ending struct {
	Segment uint64
	// Whole is the number of bytes of header and decided frames. Later bytes
	// were never acknowledged, or are the footer.
	Whole uint64
	// Sealed reports whether the segment has a footer that agrees with its
	// frames.
	Sealed bool
	// CutFooter reports whether the footer agrees with the frames as far as it
	// goes, and only lacks the last bytes of its trailer: a write that was cut
	// short.
	CutFooter bool
	// Mixed reports whether the segment holds part of an unfinished batch that
	// started in an earlier segment, or an unfinished batch followed by events.
	// No footer can describe that.
	Mixed bool
}

// Ending returns the end of the last segment. Call it after Drive.
func (s *Scan) Ending() Ending { return s.ending }

// startAt takes the sequence of a segment's first event from the sync mark.
// Frames do not show that sequences were skipped before them.
func (s *Scan) startAt(m *synced.Mark) {
	if m == nil || m.First <= s.log.next || m.First >= artifact.MaxAllocator {
		return
	}
	s.leap(m.First)
	s.log.reserve(m.First - s.log.next)
}
