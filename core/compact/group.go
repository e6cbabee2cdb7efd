package compact

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// group is some neighbouring segments that are written again together.
type group struct {
	inputs  []input
	outputs []output
}

// events returns the numbers of the group's events.
func (g *group) events() (first, end int) {
	last := &g.inputs[len(g.inputs)-1]
	return g.inputs[0].first, last.first + last.events
}

// changes reports whether any event of the group is removed or changed.
func (g *group) changes() bool {
	for i := range g.inputs {
		if g.inputs[i].dropped+g.inputs[i].changed > 0 {
			return true
		}
	}
	return false
}

// regroup decides which segments are written again: those with a removed or changed event, and
// neighbours that are at most half as long as a new one may be, unless Plan.OnlyChanged. A batch that crosses two
// segments keeps them together.
func (r *run) regroup() error {
	rewrite := make([]bool, len(r.inputs))
	crosses := make([]bool, len(r.inputs)) // whether a batch crosses the end of each
	for i := range r.inputs {
		in := &r.inputs[i]
		rewrite[i] = in.dropped+in.changed > 0 || !r.plan.OnlyChanged && in.size <= r.limit()/2
		var err error
		if crosses[i], err = r.crosses(in); err != nil {
			return err
		}
	}
	for i := range rewrite[1:] {
		rewrite[i+1] = rewrite[i+1] || rewrite[i] && crosses[i]
	}
	for i := len(rewrite) - 1; i > 0; i-- {
		rewrite[i-1] = rewrite[i-1] || rewrite[i] && crosses[i-1]
	}
	for i := 0; i < len(rewrite); i++ {
		first := i
		for i < len(rewrite) && rewrite[i] {
			i++
		}
		if g := (group{inputs: r.inputs[first:i]}); len(g.inputs) > 1 || len(g.inputs) == 1 && g.changes() {
			r.groups = append(r.groups, g)
		}
	}
	return r.whole(crosses[len(crosses)-1])
}

// whole returns a BatchError if a batch crosses the bounds of the run.
func (r *run) whole(end bool) error {
	wider := BatchError{From: r.inputs[0].id, To: r.inputs[len(r.inputs)-1].id}
	if r.before.id > 0 {
		crosses, err := r.crosses(&r.before)
		var d *DamageError
		if err != nil && !errors.As(err, &d) { // a COMMIT without BEGIN would show
			return err
		}
		if crosses {
			wider.From = r.before.id
		}
	}
	if end && r.next > 0 {
		wider.To = r.next
	}
	if wider.From == r.inputs[0].id && wider.To == r.inputs[len(r.inputs)-1].id {
		return nil
	}
	return &wider
}

// limit returns the greatest length of a new segment.
func (r *run) limit() uint64 {
	if r.plan.SegmentSize == 0 {
		return DefaultSegmentSize
	}
	return r.plan.SegmentSize
}

// crosses reports whether a batch is open at the end of a segment: its last marker is a BEGIN.
// So is one that was never finished.
func (r *run) crosses(in *input) (bool, error) {
	if !in.sealed {
		return false, nil // an unclean stop ends a batch
	}
	open := false
	for _, gap := range [][2]uint64{{in.gap, in.gapEnd}, {in.covered, in.end}} {
		markers, err := r.markers(in.id, gap[0], gap[1])
		if err != nil {
			return false, err
		}
		if n := len(markers); n > 0 {
			open = markers[n-1].Kind == event.SystemBatchBegin
		}
	}
	return open, nil
}

// markers returns the batch markers between two offsets of a segment, between which there are
// whole frames.
func (r *run) markers(id, from, end uint64) (found []segment.Body, err error) {
	if from >= end {
		return nil, nil
	}
	src, err := r.s.OpenSegment(id)
	if err != nil {
		return nil, err
	}
	w := segment.NewWalker(source.Part(src, 0, end), from)
	for {
		step, ok := w.Next()
		if !ok {
			break
		}
		if step.Damage != nil {
			return nil, damaged(id, step.Offset, step.Damage.Reason, step.Damage.Err)
		}
		if b := step.Body; b.Kind.IsMarker() {
			found = append(found, segment.Body{Kind: b.Kind, ID: b.ID, Correlation: b.Correlation, PayloadSize: b.PayloadSize})
		}
	}
	if w.Err() != nil {
		return nil, source.Named(segment.Name(id), w.Err())
	}
	if w.Offset() != end {
		return nil, damaged(id, w.Offset(), damage.Torn, nil)
	}
	return found, nil
}

// claims returns the sequences from first up to end for which a segment stands. Without events
// and markers of its own it stands for none: ok is false.
func (r *run) claims(in *input) (first, end uint64, ok bool, err error) {
	if in.events > 0 {
		first, end, ok = in.firstSequence, in.lastSequence+1, true
	}
	if !in.header.Thinned() {
		return first, end, ok, nil
	}
	begin := in.end
	if in.events > 0 {
		begin = in.firstFrame
	}
	for _, gap := range [][2]uint64{{in.frames, begin}, {in.covered, in.end}} {
		markers, err := r.markers(in.id, gap[0], gap[1])
		if err != nil {
			return 0, 0, false, err
		}
		for _, m := range markers {
			sequence, _, numbers := m.Numbers()
			if m.Kind != event.SystemBatchBegin || m.PayloadSize != 0 || !numbers {
				continue
			}
			if !ok {
				first, end, ok = sequence, sequence, true
			}
			first, end = min(first, sequence), max(end, sequence)
		}
	}
	return first, end, ok, nil
}
