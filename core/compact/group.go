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
	for i := range r.inputs {
		in := &r.inputs[i]
		if in.crosses.err != nil {
			return in.crosses.err
		}
		rewrite[i] = in.dropped+in.changed > 0 || !r.plan.OnlyChanged && in.size <= r.limit()/2
	}
	for i := range rewrite[1:] {
		rewrite[i+1] = rewrite[i+1] || rewrite[i] && r.inputs[i].crosses.open
	}
	for i := len(rewrite) - 1; i > 0; i-- {
		rewrite[i-1] = rewrite[i-1] || rewrite[i] && r.inputs[i-1].crosses.open
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
	return r.whole(r.inputs[len(r.inputs)-1].crosses.open)
}

// whole returns a BatchError if a batch crosses the bounds of the run.
func (r *run) whole(end bool) error {
	wider := BatchError{From: r.inputs[0].id, To: r.inputs[len(r.inputs)-1].id}
	if r.before.id > 0 {
		crosses := r.before.crosses
		var d *DamageError
		if crosses.err != nil && !errors.As(crosses.err, &d) { // a COMMIT without BEGIN would show
			return crosses.err
		}
		if crosses.open {
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

// crossing says whether a batch is open at the end of a segment.
type crossing struct {
	open bool
	err  error
}

// crosses reports whether a batch is open at the end of a segment: its last marker is a BEGIN.
// So is one that was never finished.
func (r *run) crosses(in *input) (c crossing) {
	if !in.sealed {
		return c // an unclean stop ends a batch
	}
	for _, gap := range [][2]uint64{{in.gap, in.gapEnd}, {in.covered, in.end}} {
		markers, err := r.markers(in.id, gap[0], gap[1])
		if err != nil {
			return crossing{err: err}
		}
		if n := len(markers); n > 0 {
			c.open = markers[n-1].Kind == event.SystemBatchBegin
		}
	}
	return c
}

// markers returns the batch markers between two offsets of the open segment, between which
// there are whole frames.
func (r *run) markers(id, from, end uint64) (found []segment.Body, err error) {
	if from >= end {
		return nil, nil
	}
	w := segment.NewWalker(source.Part(r.src, 0, end), from)
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

// claim is the sequences from first up to end for which a segment stands. Without events and
// markers of its own it stands for none: ok is false.
type claim struct {
	first, end uint64
	ok         bool
	err        error
}

// claims returns the sequences for which a segment stands.
func (r *run) claims(in *input) (c claim) {
	if in.events > 0 {
		c = claim{first: in.firstSequence, end: in.lastSequence + 1, ok: true}
	}
	if !in.header.Thinned() {
		return c
	}
	begin := in.end
	if in.events > 0 {
		begin = in.firstFrame
	}
	for _, gap := range [][2]uint64{{in.frames, begin}, {in.covered, in.end}} {
		markers, err := r.markers(in.id, gap[0], gap[1])
		if err != nil {
			return claim{err: err}
		}
		for _, m := range markers {
			sequence, _, numbers := m.Numbers()
			if m.Kind != event.SystemBatchBegin || m.PayloadSize != 0 || !numbers {
				continue
			}
			if !c.ok {
				c = claim{first: sequence, end: sequence, ok: true}
			}
			c.first, c.end = min(c.first, sequence), max(c.end, sequence)
		}
	}
	return c
}
