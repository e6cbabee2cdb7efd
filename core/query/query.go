package query

import (
	"strings"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// Query yields the visible events of a region that the page wants, in order of sequence.
// Before each it advances the page: From is one above the event's sequence, and Limit one
// lower. After an error, a call with the same page resumes where this one ended. more is
// false when the page is full or yield returned false.
func (c *Cursor) Query(region *Region, page *Page, yield func(event.Event, error) bool) (more bool, err error) {
	if page.Limit == 1 && region.everything() {
		return c.nextEvent(page, yield)
	}
	return c.batches(region, page.From, page.Limit, func(p *plan, records []artifact.Raw) (bool, error) {
		return c.yield(p, records, page, yield)
	})
}

// nextEvent is Query for the next event of any kind, which needs no batch: it looks up an
// event by its sequence.
func (c *Cursor) nextEvent(page *Page, yield func(event.Event, error) bool) (more bool, err error) {
	first, err := c.After(page.From)
	if err != nil {
		return false, err
	}
	s := search{c: c, next: first}
	for {
		if ok, err := s.advance(); err != nil || !ok {
			return true, err
		}
		r, err := c.Single(s.next)
		if err != nil {
			return false, err
		}
		if err := c.unchanged(r); err != nil {
			return false, err
		}
		s.next++
		if r.Sequence() < page.From || !c.Visible(r) {
			continue // the record disagrees with the index
		}
		e, err := c.Event(r)
		if err != nil {
			return false, err
		}
		page.From, page.Limit = e.Sequence+1, 0
		yield(e, nil)
		return false, nil
	}
}

// yield yields the events of some records.
func (c *Cursor) yield(p *plan, records []artifact.Raw, page *Page, yield func(event.Event, error) bool) (more bool, err error) {
	var e event.Event
	for step := chunk; len(records) > 0; {
		some := records[:min(step, len(records))]
		coordinates, err := c.coordinates(some)
		if err != nil && len(some) > 1 {
			step = 1 // the records before the damage are readable
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
				continue // the list does not rise
			}
			if err := c.check(&e); err != nil {
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
