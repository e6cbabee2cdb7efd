package salvage

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
)

// witnesses is what else says that an event existed, besides its frame.
type witnesses struct {
	// events are those that a refused index lists and the snapshot lacks.
	events map[event.ID]event.Event
	// reserved are sequences that the open kept free for events it did not show.
	reserved map[event.ID]uint64
	// listed has the events of findings.
	listed map[event.ID]bool
	// clocks has the clocks of lost events that are in findings.
	clocks map[string]map[uint32]bool
	torn   *replay.Torn
	// damages are those of the open.
	damages []*damage.Damage
}

// lost is store.Options.Lost.
func (w *witnesses) lost(e event.Event) { w.events[e.ID] = e }

// take takes what a report says.
func (w *witnesses) take(r *store.Report) {
	w.torn, w.damages = r.Torn, r.Damages
	for _, d := range r.Damages {
		for _, t := range d.Events {
			if t.Numbered {
				w.reserved[t.ID] = t.Sequence
			}
		}
	}
}

func (w *witnesses) has(id event.ID) bool {
	_, ok := w.events[id]
	return ok
}

func (w *witnesses) sequence(id event.ID) (uint64, bool) {
	e, ok := w.events[id]
	return e.Sequence, ok
}

// clock records the clock of a lost event that is in a finding.
func (w *witnesses) clock(e *event.Event) {
	of := w.clocks[e.Entity]
	if of == nil {
		of = map[uint32]bool{}
		w.clocks[e.Entity] = of
	}
	of[e.Clock] = true
}

// reportWitnesses reports the events that a refused index lists and that were not found.
func (s *Salvage) reportWitnesses() error {
	for _, x := range s.extras {
		delete(s.witness.events, x.ID)
	}
	for id, e := range s.witness.events {
		if s.witness.listed[id] {
			continue
		}
		s.witness.listed[id] = true
		s.report.add(eventFinding(Lost, damage.Lost, segment.Name(e.Position.Segment), &e, nil))
		s.witness.clock(&e)
	}
	return s.stopped()
}
