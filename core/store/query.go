package store

import (
	"iter"
	"math"
	"strings"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// Region says which events a query asks for. Conditions that are set must all
// hold; the zero Region is every event.
type Region struct {
	// Entity is the exact name; EntityPrefix is how the name begins.
	Entity, EntityPrefix string
	Scope                string
	Kinds                event.Kinds
	// Clocks bounds the number within the entity.
	Clocks Clocks
}

// everything reports whether every event is in the region.
func (r *Region) everything() bool {
	return r.Entity == "" && r.EntityPrefix == "" && r.Scope == "" && r.Kinds.All() && r.Clocks.all()
}

// Clocks is a range of clocks, both ends included. The zero Clocks is all.
type Clocks struct {
	min, max uint32
	limited  bool
}

// ClocksBetween is the range from low to high, both included.
func ClocksBetween(low, high uint32) Clocks { return Clocks{low, high, true} }

// Bounds returns the lowest and the highest clock of the range; limited is false for
// the zero Clocks.
func (c Clocks) Bounds() (low, high uint32, limited bool) {
	if !c.limited {
		return 0, math.MaxUint32, false
	}
	return c.min, c.max, true
}

// Has reports whether c is in the range.
func (c Clocks) Has(clock uint32) bool {
	return !c.limited || c.min <= clock && clock <= c.max
}

// all reports whether every clock is in the range.
func (c Clocks) all() bool { return !c.limited || c.min == 0 && c.max == math.MaxUint32 }

// Page says where an iteration begins and how far it goes. To go on where one
// ended, set From to the last event's sequence plus one.
type Page struct {
	// From is the lowest sequence wanted.
	From uint64
	// Limit is the highest number of events wanted, 0 for no limit.
	Limit int
}

// Query returns the visible events of a region in order of sequence. The first
// error ends the iteration.
func (s *Snapshot) Query(region Region, page Page) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		page := page // the iterator may be used again
		for _, p := range s.parts {
			more := true
			err := s.on(p, func(p *part) (err error) {
				c := s.cursor(p)
				defer c.done()
				more, err = c.query(&region, &page, yield)
				return err
			})
			if err != nil {
				yield(event.Event{}, err)
				return
			}
			if !more {
				return
			}
		}
	}
}

// Count returns the number of events that Query would return without a limit. It
// reads no records, unless the region has clocks: then those of an entity whose
// clocks rise are found by a few records, and others are all read.
func (s *Snapshot) Count(region Region, from uint64) (n uint64, err error) {
	for _, p := range s.parts {
		err := s.on(p, func(p *part) error {
			c := s.cursor(p)
			defer c.done()
			k, err := c.count(&region, from)
			if err == nil {
				n += k
			}
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

// query yields the events of one part that a page still wants, and moves the page
// on in front of each: From is behind it, and Limit one lower. Whatever the error,
// a call with the same page goes on where this one ended. more is false when the
// page or the one who iterates wants no more events.
func (c *cursor) query(region *Region, page *Page, yield func(event.Event, error) bool) (more bool, err error) {
	if page.Limit == 1 && region.everything() {
		return c.nextEvent(page, yield)
	}
	return c.batches(region, page.From, page.Limit, func(p *plan, records []artifact.Raw) (bool, error) {
		return c.yield(p, records, page, yield)
	})
}

// nextEvent is query for the next event of all, which needs no batch: it is how an
// event is looked up by its sequence.
func (c *cursor) nextEvent(page *Page, yield func(event.Event, error) bool) (more bool, err error) {
	first, err := c.After(page.From)
	if err != nil {
		return false, err
	}
	s := search{c: c, next: first}
	for {
		if ok, err := s.move(); err != nil || !ok {
			return true, err
		}
		r, err := c.Single(s.next)
		if err != nil {
			return false, err
		}
		if err := c.believable(r); err != nil {
			return false, err
		}
		s.next++
		if r.Sequence() < page.From || !c.visible(r) {
			continue // a record that disagrees with the lookups
		}
		e, err := c.event(r)
		if err != nil {
			return false, err
		}
		page.From, page.Limit = e.Sequence+1, 0
		yield(e, nil)
		return false, nil
	}
}

// yield hands over the records of a batch.
func (c *cursor) yield(p *plan, records []artifact.Raw, page *Page, yield func(event.Event, error) bool) (more bool, err error) {
	var e event.Event
	for step := together; len(records) > 0; {
		some := records[:min(step, len(records))]
		coordinates, err := c.coordinates(some)
		if err != nil && len(some) > 1 {
			step = 1 // what is in front of the damage is to be had
			continue
		}
		if err != nil {
			return false, err
		}
		for i, r := range some {
			e.Coordinate = coordinates[i]
			if !strings.HasPrefix(e.Entity, p.prefix) {
				continue
			}
			r.DecodeFacts(&e.Facts)
			if e.Sequence < page.From {
				continue // a list does not rise
			}
			if err := c.checkFrame(&e); err != nil {
				return false, err
			}
			page.From = e.Sequence + 1
			if page.Limit--; !yield(e, nil) || page.Limit == 0 {
				return false, nil
			}
		}
		records = records[len(some):]
	}
	return true, nil
}

// count is how many records of one part a region has from a sequence on.
func (c *cursor) count(region *Region, from uint64) (n uint64, err error) {
	first, err := c.After(from)
	if err != nil || first == c.Count() {
		return 0, err
	}
	p, err := c.plan(region, first, true, 0)
	switch {
	case err != nil || p.nothing:
		return 0, err
	case p.alone != nil:
		return c.countLists(p.alone, first)
	case !p.turnsDown:
		return p.search.count()
	}
	_, err = c.read(p, from, 0, func(_ *plan, records []artifact.Raw) (bool, error) {
		n += uint64(len(records))
		return true, nil
	})
	return n, err
}
