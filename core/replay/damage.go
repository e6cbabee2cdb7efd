package replay

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// damaged adds a damage to the report.
func (s *Scan) damaged(d *damage.Damage) { s.report.Damages = append(s.report.Damages, d) }

// lose reports the loss of an unknown number of events.
func (s *Scan) lose(d *damage.Damage) {
	d.FirstSequence, d.EndSequence = s.log.next, damage.UnknownEnd
	s.damaged(d)
	s.open = d
}

// step reports the damage of one step of the walk.
func (s *Scan) step(step segment.Step) {
	d := &damage.Damage{
		File:   s.file,
		Offset: step.Offset,
		Length: step.Length,
		Reason: step.Damage.Reason,
		Err:    step.Damage.Err,
	}
	if step.Body != nil { // the event is kept
		d.Touch(damage.Touched{ID: step.Body.ID})
		s.damaged(d)
		return
	}
	if s.hints != nil {
		s.hints.lost(d)
	}
	if len(d.Events) == 0 && step.Named {
		d.Touch(damage.Touched{ID: step.ID})
	}
	switch {
	case s.batch.open:
		s.batch.gaps++
		s.batch.lost += d.Length
		s.damaged(d)
	case s.hints != nil: // the footer named the events, or there was none
		s.damaged(d)
		s.gap = lastGap{damage: d, hinted: true}
		if d.EndSequence > s.log.next {
			s.log.reserve(d.EndSequence - s.log.next)
		}
	case step.One:
		d.FirstSequence, d.EndSequence = s.log.next, s.log.next+1
		for i := range d.Events {
			d.Events[i].Sequence, d.Events[i].Numbered = s.log.next, true
		}
		s.damaged(d)
		s.log.reserve(1)
		s.gap = lastGap{damage: d, one: true, first: s.log.draft.Len()}
	case d.Length < segment.LeastFrame: // too small for an event
		d.FirstSequence, d.EndSequence = s.log.next, s.log.next
		s.damaged(d)
		s.gap = lastGap{damage: d}
	default:
		s.lose(d)
		s.gap = lastGap{damage: d}
	}
}

// cutOff reports that the rest of a segment was not read because of its bytes:
// err is [segment.ErrEffort], or [source.ErrShort] when the segment shrank
// while it was read. The events read so far stay.
func (s *Scan) cutOff(id uint64, err error) {
	s.abandon()
	s.endThinned()
	s.last = id
	reason := damage.Effort
	if errors.Is(err, source.ErrShort) {
		reason = damage.Shortened
	}
	s.lose(&damage.Damage{File: segment.Name(id), Offset: s.read(id), Reason: reason, Err: err})
}

// IsCutOff reports whether d says that the rest of a segment was not read, so
// that nothing is known of the bytes from its offset on.
func IsCutOff(d *damage.Damage) bool {
	return d.Reason == damage.Effort || errors.Is(d, source.ErrShort)
}

// read returns how far segment id was read.
func (s *Scan) read(id uint64) uint64 {
	if s.at.Segment == id {
		return s.at.Offset
	}
	return 0
}
