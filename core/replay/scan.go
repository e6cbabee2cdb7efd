package replay

import (
	"errors"
	"math"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
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
	// open is the last damage whose end nothing has told yet.
	open *damage.Damage
	last uint64 // id of the last segment that was read or is covered

	// of the segment being read:
	file  string
	hints *hints
	wrong bool // the footer was found out
	jump  bool // no event yet, and the id does not follow the last one's
	// unsealed says that no event came yet behind a segment without a footer.
	unsealed bool
	at       Place
	rest     segment.Rest // behind the frames of the segment, after a walk
	stop     func() error
	ahead    *segment.Ahead // nil when frames are read one by one
	buffer   []byte         // of the segment's footer
	walker   *segment.Walker
	// sure is the sequence behind the last one that the artifact or a footer
	// gave, and sureAt the record behind it: what follows is numbered by guess.
	sure   uint64
	sureAt int
	// salvaged says that a batch was taken apart, so that what is committed and
	// the place to resume from no longer agree.
	salvaged bool
	// renumbered says that a footer has other sequences for events that were read
	// before it was there.
	renumbered bool
	ending     Ending
}

// lastGap is the damaged place that a COMMIT without BEGIN may explain: the
// last one outside a batch since the last marker.
type lastGap struct {
	damage *damage.Damage
	one    bool // exactly one frame, for which one number was kept free
	first  int  // the first record behind it
	hinted bool // a record behind it has its number from a footer
}

// Place is a place in the log: an offset in a segment.
type Place struct{ Segment, Offset uint64 }

// NewScan reads into log. from is where the artifact in front of the log ends,
// the zero Place when there is none. stop, which may be nil, is asked now and
// then; its error ends the scan.
func NewScan(log *Log, from Place, stop func() error) *Scan {
	return &Scan{log: log, last: from.Segment, at: from, stop: stop, sure: log.least, sureAt: log.draft.Len()}
}

// Parallel makes the scan read and decode frames ahead. run runs f(0) to f(n-1),
// on several goroutines where that pays, and returns when all are done. What the
// scan makes of the segments is the same.
func (s *Scan) Parallel(run func(n int, f func(i int))) {
	s.ahead = nil
	if run != nil {
		s.ahead = segment.NewAhead(aheadBlock, run)
	}
}

// Report is what the scan met so far.
func (s *Scan) Report() *Report { return &s.report }

// Log returns the log that the scan reads into.
func (s *Scan) Log() *Log { return s.log }

// Resume returns the place from which a later scan of the same files can go on with
// the same log: behind everything that is settled. ok is false when damage, a
// batch that was taken apart or a footer with other numbers leaves no such place.
func (s *Scan) Resume() (at Place, ok bool) {
	r := &s.report
	return s.at, len(r.Damages) == 0 && len(r.Unsealed) == 0 && len(r.Gaps) == 0 && !s.salvaged && !s.renumbered
}

// input is one segment to read.
type input struct {
	id     uint64
	source source.Source
	// from is the offset to begin at: 0 for the header, otherwise where a frame
	// begins or the frames end.
	from uint64
	// newest says that no segment with a higher id is there.
	newest bool
	// mark, of the newest segment, says how much of it was known to be on disk;
	// nil when nothing does. What is wrong after that is a write that was under
	// way, not damage: the log ends before it.
	mark *synced.Mark
}

// unproven reports whether a place was never known to be on disk.
func (in *input) unproven(offset uint64) bool {
	return in.mark != nil && offset >= in.mark.Offset
}

// shortened reports whether the segment is shorter than it was known to be.
func (in *input) shortened() bool {
	return in.mark != nil && uint64(max(in.source.Size(), 0)) < in.mark.Offset
}

// readSegment reads one segment. Its errors are those of Drive: damage is part of the
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
	s.gap = lastGap{damage: s.gap.damage} // a gap is not explained from another segment
	s.ending, s.rest, s.hints = Ending{Segment: in.id}, segment.Rest{}, nil
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
	if s.wrong { // the next walk ends in front of it and says so
		s.restore(before)
		if err := s.walk(in, from, nil, why); err != nil {
			return err
		}
	}
	s.checkLength(in)
	s.last = in.id
	return nil
}

// finish ends the log: a batch that is still open was not finished.
func (s *Scan) finish() {
	begin := Place{Segment: s.batch.segment, Offset: s.batch.offset}
	open, kept := s.batch.open, s.log.committed
	s.abandon()
	s.ahead, s.hints, s.buffer, s.walker = nil, nil, nil, nil // a snapshot may keep the scan
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

// Ending is how the last segment that was read ends.
type Ending struct {
	Segment uint64
	// Whole is how many of its bytes are header and settled frames: what lies
	// behind was never acknowledged, or is the footer.
	Whole uint64
	// Sealed says that it has a footer that holds up.
	Sealed bool
	// CutFooter says that the footer holds up as far as it goes, and only the last
	// bytes of its trailer are missing: a write that was cut short.
	CutFooter bool
	// Mixed says that it holds part of an unfinished batch that began in an
	// earlier segment, or that events follow: no footer can tell the two apart.
	Mixed bool
}

// Ending is of use after Drive.
func (s *Scan) Ending() Ending { return s.ending }

// startAt takes the number of a segment's first event from its mark. Frames
// cannot say that numbers were left out in front of them.
func (s *Scan) startAt(m *synced.Mark) {
	if m == nil || m.First <= s.log.next || m.First >= artifact.MaxAllocator {
		return
	}
	s.leap(m.First)
	s.log.reserve(m.First - s.log.next)
}

// walk reads the frames from offset from on, numbered by footer unless it is
// nil, and returns as soon as the footer is found out. header is what was wrong
// with the header, which the bytes in front of the first frame then belong to.
func (s *Scan) walk(in input, from uint64, footer *hints, header *damage.Refusal) error {
	s.hints, s.wrong = footer, false
	if s.walker == nil {
		s.walker = segment.NewWalker(in.source, from)
	} else {
		s.walker.Reset(in.source, from)
	}
	w := s.walker
	steps := steps{w: w, in: in, header: header}
	if s.ahead == nil {
		steps.until(s, math.MaxUint64)
	} else {
		w.Blocks(s.ahead, footer.noter(in.id), func(until uint64) bool { return steps.until(s, until) })
	}
	if steps.err != nil || steps.cut {
		return steps.err
	}
	header = steps.header
	if w.Err() != nil || s.wrong {
		return w.Err()
	}
	rest := w.Rest()
	if w.Err() != nil {
		return w.Err()
	}
	s.rest = rest
	if header != nil {
		s.lose(&damage.Damage{File: s.file, Length: rest.Length, Reason: header.Reason, Err: header.Err})
		return nil
	}
	s.end(in, rest)
	return nil
}

// steps is the state of a walk between two blocks.
type steps struct {
	w      *segment.Walker
	in     input
	header *damage.Refusal // nil as soon as it was told
	count  int
	cut    bool // the log ends in front of a step
	err    error
}

// until takes steps until an offset is reached, and reports whether any may be left.
func (t *steps) until(s *Scan, offset uint64) bool {
	for ; !s.wrong && t.w.Offset() < offset; t.count++ {
		if s.stop != nil && t.count%1024 == 0 {
			if t.err = s.stop(); t.err != nil {
				return false
			}
		}
		step, ok := t.w.Next()
		if !ok {
			return false
		}
		if step.Damage != nil && t.in.unproven(step.Offset) {
			s.cutShort(t.in, &step)
			t.cut = true
			return false
		}
		if t.header != nil {
			step.Damage, step.One, step.Named, t.header = t.header, false, false, nil
		}
		if step.Damage != nil {
			s.step(step)
		}
		if step.Body != nil {
			if t.err = s.frame(t.in.id, &step); t.err != nil {
				return false
			}
		}
		// Bytes at the very end may be an append that is still being written.
		if !s.batch.open && (step.Body != nil || t.w.Offset() < t.w.Size()) {
			s.at = Place{Segment: t.in.id, Offset: t.w.Offset()}
		}
	}
	return !s.wrong
}

// end settles what lies behind the last frame.
func (s *Scan) end(in input, rest segment.Rest) {
	sealed := s.hints != nil || rest.Footer
	switch {
	case s.hints != nil:
		if s.wrong = !s.hints.holds(rest.Offset); s.hints.doubt && !s.wrong {
			s.reject(rest.Offset)
		}
	case rest.Footer && !in.unproven(rest.Offset):
		s.reject(rest.Offset)
	case rest.Length > 0 && in.newest && (in.mark == nil || in.unproven(rest.Offset)):
		s.report.Torn = &Torn{File: s.file, Offset: rest.Offset, Length: rest.Length, ID: rest.ID, Named: rest.Named, Unproven: in.mark != nil, Frames: false}
	case rest.Length > 0 && !in.shortened():
		d := &damage.Damage{File: s.file, Offset: rest.Offset, Length: rest.Length, Reason: damage.Torn}
		if rest.Named {
			d.Touch(damage.Touched{ID: rest.ID})
		}
		s.lose(d)
	}
	s.ending.Whole = rest.Offset
	if s.hints != nil && !s.wrong {
		s.ending.CutFooter = s.hints.cut && !s.hints.differs
		s.ending.Sealed = !s.ending.CutFooter
	}
	if !s.wrong && !sealed && !in.newest {
		s.abandon() // an unclean stop: the next segment is another session's
		s.unsealed = true
		s.report.Unsealed = append(s.report.Unsealed, Unsealed{File: s.file, Offset: rest.Offset, Next: s.log.next})
	}
}

// checkLength tells when the segment is shorter than it was known to be. A frame
// that is cut short is part of what is gone.
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

// missing reports that the segment that m is about, after all that were read, is
// not there, though it was known to be on disk up to m.Offset. It comes after
// finish.
func (s *Scan) missing(m *synced.Mark) {
	if m.First > s.log.next && m.First < artifact.MaxAllocator {
		s.log.reserve(m.First - s.log.next)
	}
	s.lose(&damage.Damage{File: segment.Name(m.Segment), Length: m.Offset, Reason: damage.SegmentMissing})
	s.skipLost(m.Offset)
}

// skipLost keeps the numbers free that events in so many lost bytes can have had.
// Of a loss at the end of a segment the mark is the only witness, and the next
// segment takes it over; the numbers that are left out in front of that one then
// tell of the loss.
func (s *Scan) skipLost(bytes uint64) {
	s.log.reserve(min(bytes/segment.LeastFrame+1, maxLost))
}

// maxLost bounds the numbers that one loss takes, whatever a mark claims.
const maxLost = 1 << 32

// cutShort ends the log in front of a step that is wrong and was never known to
// be on disk. Frames behind it were not acknowledged either, since a segment is
// written from front to end.
func (s *Scan) cutShort(in input, step *segment.Step) {
	size := uint64(max(in.source.Size(), 0))
	s.report.Torn = &Torn{File: s.file, Offset: step.Offset, Length: size - min(step.Offset, size), ID: step.ID, Named: step.Named, Unproven: true, Frames: true}
	s.ending.Whole = step.Offset
}

func (s *Scan) reject(offset uint64) {
	s.report.Rejected = append(s.report.Rejected,
		&damage.Refusal{File: s.file, Reason: damage.Footer, Offset: int64(offset)})
}

// frame files one frame.
func (s *Scan) frame(id uint64, step *segment.Step) error {
	b := step.Body
	p := event.Position{Segment: id, Offset: step.Offset, Length: uint32(step.Length)}
	switch {
	case b.Kind == event.SystemBatchBegin:
		s.begin(p, b)
		return nil
	case b.Kind == event.SystemBatchCommit:
		s.commit(p, b)
		return nil
	case b.IsMarker(): // under the kind of an event: it would be one that never was
		s.step(segment.Step{
			Offset: step.Offset, Length: step.Length, One: true,
			Damage: damage.Refuse(damage.Kind, int64(step.Offset), nil),
		})
		return nil
	}
	txn := s.batch.txn
	if !s.batch.open {
		txn = s.log.begin()
	}
	sequence, hinted := s.log.next, false
	if s.hints != nil {
		hint, found, ok := s.hints.take(p, b, step.Note)
		if found && hint < s.log.least {
			found = s.squeeze(hint)
			ok = ok && found
		}
		if !ok || !found && !s.batch.open {
			s.wrong = true
			return nil
		}
		if hinted = found; found {
			s.leap(hint)
			sequence = hint
		}
	}
	if s.jump && !hinted {
		// Ids are left out by compaction or by a loss, and no footer says which.
		s.report.Gaps = append(s.report.Gaps, Gap{File: s.file, First: sequence, End: damage.UnknownEnd})
	}
	if err := s.insert(txn, sequence, p, step); err != nil {
		return err
	}
	if hinted {
		s.sure, s.sureAt = sequence+1, s.log.draft.Len()
	}
	s.jump, s.unsealed = false, false
	if s.batch.open {
		s.batch.staged = append(s.batch.staged, staged{timestamp: b.TimestampUS, hinted: hinted})
		s.batch.unhinted = s.batch.unhinted || !hinted
		return nil
	}
	s.gap.hinted = s.gap.hinted || hinted
	txn.commit()
	return nil
}

// insert adds the event of a frame. Where the footer's entry is known to say the
// same, its numbers for the names save looking them up.
func (s *Scan) insert(c txn, sequence uint64, p event.Position, step *segment.Step) (err error) {
	b := step.Body
	if s.hints == nil || step.Note == 0 {
		_, err = c.insertAt(sequence, b.Facts(p), b.Entity, b.Scope)
		return err
	}
	if err := c.allows(sequence); err != nil {
		return err
	}
	footer, entry := s.hints.footer, int(step.Note-1)
	entity, scope := footer.EntryNames(entry)
	if entity, err = s.hints.number(s.log.draft, entity); err != nil {
		return err
	}
	if scope, err = s.hints.number(s.log.draft, scope); err != nil {
		return err
	}
	if err := s.log.draft.AddEntry(footer.Raw(entry), p.Segment, entity, scope, sequence); err != nil {
		return err
	}
	c.took(sequence)
	return nil
}
