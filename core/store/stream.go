package store

import (
	"cmp"
	"iter"
	"slices"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// Stream returns the visible events of one entity within a page, in order of clocks or its
// reverse. Of two with the same clock, which batpak 0.4.0 can assign twice, the lower sequence
// comes first in order, and last in reverse. The first error ends the iteration. A name that no entity can have, such as the empty one, is a
// [*commit.NameError].
func (s *Snapshot) Stream(entity string, page query.StreamPage) iter.Seq2[event.Event, error] {
	if err := commit.CheckEntity(entity); err != nil {
		return failed(err)
	}
	return func(yield func(event.Event, error) bool) {
		clocks, ok := page.Clocks()
		if !ok {
			return
		}
		region := query.Region{Entity: entity, Clocks: clocks}
		var ordered bool
		err := s.repairing(func() (err error) {
			ordered, err = s.clocksRise(entity)
			return err
		})
		if err != nil {
			yield(event.Event{}, err)
			return
		}
		if ordered {
			s.Query(region, query.Page{Limit: page.Limit, Reverse: page.Reverse})(yield)
			return
		}
		s.streamSorted(region, page, yield)
	}
}

// failed returns an iteration that yields only an error.
func failed(err error) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) { yield(event.Event{}, err) }
}

// clocksRise reports whether the entity's clocks rise with its sequences.
func (s *Snapshot) clocksRise(entity string) (bool, error) {
	var last uint32
	any := false
	for _, p := range s.parts {
		span, err := s.clockSpan(p, entity)
		if err != nil || !span.Rise || span.Any && any && span.First < last {
			return false, err
		}
		if span.Any {
			any, last = true, span.Last
		}
	}
	return true, nil
}

func (s *Snapshot) clockSpan(p *part, entity string) (query.ClockSpan, error) {
	c := s.cursor(p)
	defer c.Release()
	return c.ClockSpan(entity)
}

// streamSorted gathers the places of the entity's events and sorts them, which takes 16
// bytes an event.
func (s *Snapshot) streamSorted(region query.Region, page query.StreamPage, yield func(event.Event, error) bool) {
	var places []query.Place
	for _, p := range s.parts {
		err := s.withPart(p, func(p *part) error {
			c := s.cursor(p)
			defer c.Release()
			more, err := c.Places(&region)
			if err == nil {
				places = append(places, more...)
			}
			return err
		})
		if err != nil {
			yield(event.Event{}, err)
			return
		}
	}
	slices.SortStableFunc(places, func(a, b query.Place) int { return cmp.Compare(a.Clock, b.Clock) })
	if page.Reverse {
		slices.Reverse(places)
	}
	if page.Limit > 0 {
		places = places[:min(page.Limit, len(places))]
	}
	cursors := s.cursors()
	for _, place := range places {
		e, err := cursors.at(place.Sequence)
		if !yield(e, err) || err != nil {
			return
		}
	}
}
