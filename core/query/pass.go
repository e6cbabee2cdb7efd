package query

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// Pass bounds a pass over all events of a region, and says who watches it.
type Pass struct {
	// From is the lowest sequence wanted, and To one more than the highest, 0 for no bound.
	From, To uint64
	// Progress, when set, is called every few thousand records with the number of records
	// passed and of all. Its error ends the pass.
	Progress func(done, total uint64) error
}

// Moment is what a pass reads of an event.
type Moment struct {
	Sequence, WallMS uint64
	Kind             event.Kind
}

// Span returns the records of a page: the number of the first, and that after the last.
func (c *Cursor) Span(page *Page) (first, last uint32, err error) {
	if first, err = c.After(page.From); err != nil {
		return 0, 0, err
	}
	last = c.Count()
	if page.To > 0 {
		if last, err = c.After(page.To); err != nil {
			return 0, 0, err
		}
	}
	return first, max(first, last), nil
}

// Watch makes the cursor call tick with the number of the next record whenever it has read
// some, until its Release. An error of tick ends the answer.
func (c *Cursor) Watch(tick func(record uint32) error) { c.tick = tick }

func (c *Cursor) ticked(record uint32) error {
	if c.tick == nil {
		return nil
	}
	return c.tick(min(record, c.Count())) // it is index.None at the end
}

// Moments calls f with each visible event of a region within a page, in order. It reads
// neither names nor, but for own times, frames. It moves the page past the events, so after
// an error a call with the same page resumes where this one ended.
func (c *Cursor) Moments(region *Region, page *Page, f func(*Moment)) error {
	var m Moment
	if region.Times.ofFrames() {
		_, err := c.Query(region, page, func(e event.Event, _ error) bool {
			m = Moment{Sequence: e.Sequence, WallMS: e.WallMS, Kind: e.Kind}
			f(&m)
			return true
		})
		return err
	}
	p, err := c.passPlan(region, page)
	if err != nil || p.empty {
		return err
	}
	_, err = c.read(p, page, func(_ *plan, records []artifact.Raw) (bool, error) {
		for _, r := range records {
			m = Moment{Sequence: r.Sequence(), WallMS: r.WallMS(), Kind: r.Kind()}
			f(&m)
		}
		page.From = m.Sequence + 1
		return true, nil
	})
	return err
}

// passPlan is a plan whose sets meet every condition but those of clocks and times, which the
// records meet.
func (c *Cursor) passPlan(region *Region, page *Page) (*plan, error) {
	none := &c.p
	none.forget()
	none.empty = true
	first, last, err := c.Span(page)
	if err != nil || first == last {
		return none, err
	}
	p, err := c.plan(region, first, last, true, 0)
	if err != nil || p.alone == nil {
		return p, err
	}
	total := 0
	for _, l := range p.alone {
		total += l.Len()
	}
	p.driver, err = c.gather(p.alone, total, first, last)
	return p, err
}
