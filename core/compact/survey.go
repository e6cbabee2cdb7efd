package compact

import (
	"cmp"
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// run is the state of one Run.
type run struct {
	s    *store.Snapshot
	plan *Plan
	ids  []uint64 // of all segments
	// before is the segment before the run, with the id 0 if there is none, and next the
	// id of the one after it, or 0.
	before input
	next   uint64
	inputs []input
	// verdicts holds one for each event of the run, nil when all are kept.
	verdicts []Verdict
	groups   []group
	frames   frames        // for already
	src      source.Source // the content of the segment that was opened last
	keep     uint64        // how many more bytes of segments may be kept for the copy
	result   Result
	done     uint64
	total    uint64
}

// input is a segment of the run.
type input struct {
	id     uint64
	size   uint64
	header segment.Header
	frames uint64 // offset of the first frame
	end    uint64 // where the frames end: the footer, or the end of the file
	sealed bool

	first, events    int // its events, numbered over the run
	dropped, changed int
	// firstSequence and lastSequence are those of its events.
	firstSequence, lastSequence uint64
	firstFrame                  uint64 // offset of the first event's frame
	// gap is the last stretch before its last event that holds no event, so markers; gapEnd
	// is 0 when there is none.
	gap, gapEnd uint64
	covered     uint64 // end of the last event's frame, or the offset of the first frame

	// content is nil if the copy has to load it again.
	content source.Source
	// crosses is whether a batch is open at the end, and claim for which sequences it stands.
	// Where its markers could not be read, both have the error.
	crosses crossing
	claim   claim
}

// open reads the header and the trailer of a segment, of which r.src is the content then.
func (r *run) open(id uint64) (in input, err error) {
	in.id = id
	src, err := r.s.OpenSegment(id)
	if err != nil {
		return in, err
	}
	in.size = uint64(max(src.Size(), 0))
	src, stays, err := r.keepable(id, in.size, src)
	if err != nil {
		return in, err
	}
	if r.src = src; stays {
		in.content = src
	}
	h, n, err := segment.ReadHeader(src)
	var why *damage.Refusal
	switch {
	case errors.As(err, &why):
		return in, damaged(id, 0, why.Reason, why.Err)
	case err != nil:
		return in, source.Named(segment.Name(id), err)
	case h.SegmentID != id:
		return in, damaged(id, 0, damage.SegmentID, nil)
	}
	in.header, in.frames, in.end = h, uint64(n), in.size
	in.covered = in.frames
	at, ok, err := segment.FooterOffset(src)
	if err != nil {
		return in, source.Named(segment.Name(id), err)
	}
	if ok && at >= in.frames {
		if in.sealed, err = segment.FooterBegins(src, at); err != nil {
			return in, source.Named(segment.Name(id), err)
		}
		if in.sealed {
			in.end = at
		}
	}
	return in, nil
}

// damaged returns the error of damage at an offset of a segment.
func damaged(id, offset uint64, reason damage.Reason, err error) error {
	return &DamageError{Damage: &damage.Damage{File: segment.Name(id), Offset: offset, Reason: reason, Err: err}}
}

// survey opens the segments, judges their events, and finds out what lies between them. It
// reads the index, of the segments headers and trailers, and the frames of events that may be
// redacted already.
func (r *run) survey() error {
	if err := r.list(); err != nil {
		return err
	}
	start := cmp.Or(r.before.id, r.inputs[0].id)
	current, i, count := &r.before, -1, 0
	// next goes on to the next segment. Each is open only while its events are listed.
	next := func() error {
		if current.id > 0 {
			r.leave(current)
		}
		if i++; i == len(r.inputs) {
			return nil
		}
		current = &r.inputs[i]
		id := current.id
		if err := r.stop(i); err != nil {
			return err
		}
		in, err := r.open(id)
		in.first = count
		*current = in
		return cmp.Or(err, r.inactive(in))
	}
	if r.before.id == 0 {
		if err := next(); err != nil {
			return err
		}
	}
	err := r.each(start, func(e *event.Event) (more bool, err error) {
		if e.Position.Segment > r.plan.To {
			return false, nil
		}
		for current.id != e.Position.Segment {
			if i+1 == len(r.inputs) || r.inputs[i+1].id > e.Position.Segment {
				return false, damaged(e.Position.Segment, e.Position.Offset, damage.SegmentMissing, nil)
			}
			if err := next(); err != nil {
				return false, err
			}
		}
		if err := current.meet(e); err != nil || i < 0 {
			return err == nil, err
		}
		count++
		return true, r.judge(current, e, count-1)
	})
	if err != nil {
		return err
	}
	for i < len(r.inputs) {
		if err := next(); err != nil {
			return err
		}
	}
	r.src = nil
	return nil
}

// each calls f with every event from segment start on, until f returns false. Without a judge the
// events have only their positions and sequences.
func (r *run) each(start uint64, f func(e *event.Event) (more bool, err error)) error {
	if r.plan.Judge == nil {
		p := placed{f: f}
		return cmp.Or(r.s.EverythingRaw(start, &p), p.failed)
	}
	for e, err := range r.s.Everything(start) {
		if err != nil {
			return err
		}
		if more, err := f(&e); err != nil || !more {
			return err
		}
	}
	return nil
}

// placed passes on where events lie. It keeps errors of f apart from those of the index, which
// may be repaired.
type placed struct {
	e      event.Event
	f      func(e *event.Event) (more bool, err error)
	failed error
}

// Part implements query.RawEvents.
func (*placed) Part(*query.Cursor) {}

// Event implements query.RawEvents.
func (p *placed) Event(r artifact.Raw) (more bool, err error) {
	p.e.Position, p.e.Sequence = r.Position(), r.Sequence()
	more, p.failed = p.f(&p.e)
	return more && p.failed == nil, nil
}

// leave reads what lies between the events of a segment, all of which it has met.
func (r *run) leave(in *input) {
	in.crosses = r.crosses(in)
	in.claim = r.claims(in)
}

// list finds the segments of the run, and opens the one before it.
func (r *run) list() error {
	if r.ids = r.plan.Segments; r.ids == nil {
		r.ids = r.s.Segments()
	}
	from, _ := slices.BinarySearch(r.ids, r.plan.From)
	end, found := slices.BinarySearch(r.ids, r.plan.To)
	if found {
		end++
	}
	if from >= end {
		return ErrNoSegments
	}
	if end < len(r.ids) {
		r.next = r.ids[end]
	}
	report := r.s.Report()
	for _, d := range report.Damages {
		if id, ok := segment.ParseName(d.File); ok && id >= r.plan.From && id <= r.plan.To {
			return &DamageError{Damage: d}
		}
	}
	var err error
	if from > 0 {
		var d *DamageError
		if r.before, err = r.open(r.ids[from-1]); err != nil && !errors.As(err, &d) {
			return err
		}
	}
	r.inputs = make([]input, end-from)
	for i, id := range r.ids[from:end] {
		r.inputs[i].id = id
	}
	return nil
}

// inactive returns ErrActive for a segment that is being written.
func (r *run) inactive(in input) error {
	// The file counts, not what the snapshot saw: a writer's recovery may have sealed it since.
	if r.plan.Settled || in.sealed || in.id != r.ids[len(r.ids)-1] || r.s.NewestSealed() {
		return nil
	}
	if listed := r.s.Segments(); len(listed) > 0 && in.id == listed[len(listed)-1] {
		return ErrActive
	}
	return nil
}

// stop calls Plan.Stop for every 64th n.
func (r *run) stop(n int) error {
	if r.plan.Stop == nil || n%64 != 0 {
		return nil
	}
	return r.plan.Stop()
}

// meet notes the next event of the segment.
func (in *input) meet(e *event.Event) error {
	at := e.Position
	if at.Offset < in.covered || at.End() < at.Offset || at.End() > in.end {
		return damaged(in.id, at.Offset, damage.Position, nil)
	}
	if at.Offset > in.covered {
		in.gap, in.gapEnd = in.covered, at.Offset
	}
	if in.events == 0 {
		in.firstSequence, in.firstFrame = e.Sequence, at.Offset
	}
	in.covered, in.lastSequence = at.End(), e.Sequence
	in.events++
	return nil
}

// judge asks about event n of the run.
func (r *run) judge(in *input, e *event.Event, n int) error {
	if err := r.stop(n); err != nil {
		return err
	}
	if r.plan.Judge == nil {
		r.result.Events++
		return nil
	}
	v := r.plan.Judge(e)
	switch v {
	case Keep:
		r.result.Events++
	case Drop:
		r.result.Dropped++
		in.dropped++
	case Tombstone:
		r.result.Tombstoned++
	case Redact:
		r.result.Redacted++
	default:
		return ErrVerdict
	}
	if done, err := r.already(v, in, e); err != nil {
		return err
	} else if done {
		v = Keep
	}
	if v == Tombstone || v == Redact {
		in.changed++
	}
	r.verdicts = append(r.verdicts, v)
	r.removed(v, e.Sequence)
	return nil
}

// verdict returns what was decided about event n of the run.
func (r *run) verdict(n int) Verdict {
	if r.verdicts == nil {
		return Keep
	}
	return r.verdicts[n]
}
