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

// walk reads the frames from offset from on. footer, unless nil, numbers them;
// walk returns as soon as the footer contradicts them. header is the trouble
// with the header: the bytes before the first frame are part of it. What looks
// like a frame where only a header can be is none: no index can list it.
func (s *Scan) walk(in input, from uint64, footer *hints, header *damage.Refusal) error {
	s.hints, s.wrong = footer, false
	if header != nil {
		from = min(segment.MinSize, uint64(max(in.source.Size(), 0)))
	}
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
		s.lose(&damage.Damage{File: s.file, Length: rest.Offset + rest.Length, Reason: header.Reason, Err: header.Err})
		return nil
	}
	s.end(in, rest)
	return nil
}

// steps is the state of a walk between two blocks.
type steps struct {
	w      *segment.Walker
	in     input
	header *damage.Refusal // nil once it was reported
	count  int
	cut    bool // the log ends before a step
	err    error
}

// until takes steps until an offset is reached, and reports whether more may
// follow.
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
			if step.Body != nil {
				s.step(segment.Step{Length: step.Offset, Damage: t.header})
			} else {
				step = segment.Step{Length: step.Offset + step.Length, Damage: t.header}
			}
			t.header = nil
		}
		if step.Damage != nil {
			s.step(step)
		}
		if step.Body != nil {
			if t.err = s.frame(t.in.id, &step); t.err != nil {
				return false
			}
		}
		// Bytes at the very end may be an append in progress.
		if !s.batch.open && (step.Body != nil || t.w.Offset() < t.w.Size()) {
			s.at = Place{Segment: t.in.id, Offset: t.w.Offset()}
		}
	}
	return !s.wrong
}

// end handles the bytes after the last frame.
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
		s.abandon() // an unclean stop: another session wrote the next segment
		s.unsealed = true
		s.report.Unsealed = append(s.report.Unsealed, Unsealed{File: s.file, Offset: rest.Offset, Next: s.log.next})
	}
}

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

func (s *Scan) reject(offset uint64) {
	s.report.Rejected = append(s.report.Rejected,
		&damage.Refusal{File: s.file, Reason: damage.Footer, Offset: int64(offset)})
}

// frame processes one frame.
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
	case b.IsMarker(): // with the kind of an event, but it is not one
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
	if s.thinned && !hinted {
		s.guess(p, b)
	} else if s.jump && !hinted {
		// Compaction or a loss removed the missing ids; no footer shows which.
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

// insert adds the event of a frame. When the footer's entry is known to agree,
// the entry's numbers save looking up the names.
func (s *Scan) insert(t txn, sequence uint64, p event.Position, step *segment.Step) (err error) {
	b := step.Body
	if s.hints == nil || step.Note == 0 {
		_, err = t.insertAt(sequence, b.Facts(p), b.Entity, b.Scope)
		return err
	}
	if err := t.allows(sequence); err != nil {
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
	t.took(sequence)
	return nil
}
