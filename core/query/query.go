package query

import (
	"strings"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// Query yields the visible events of a region that the page wants, in order of sequence or
// its reverse. An event that comes with an error could not be read: see Options.Pass. Before
// each event it moves the page past it: its bounds by the event's sequence, and Limit by one.
// After an error that it returns, a call with the same page resumes where this one ended. more
// is false when the page is full or yield returned false.
func (c *Cursor) Query(region *Region, page *Page, yield func(event.Event, error) bool) (more bool, err error) {
	if page.Limit == 1 && !page.Reverse && region.everything() {
		return c.nextEvent(page, yield)
	}
	f := func(p *plan, records []artifact.Raw) (bool, error) { return c.yield(p, records, page, yield) }
	if page.Reverse {
		return c.batchesBack(region, page, f)
	}
	return c.batches(region, page, f)
}

// nextEvent is Query for the next event of any kind, which needs no batch: it looks up an
// event by its sequence.
func (c *Cursor) nextEvent(page *Page, yield func(event.Event, error) bool) (more bool, err error) {
	r, err := c.nextRecord(page)
	if r == nil || err != nil {
		return err == nil, err
	}
	e, err := c.Event(r)
	if err != nil {
		return false, err
	}
	page.passed(e.Sequence)
	yield(e, nil)
	return false, nil
}

// nextRecord returns the record of the next event of any kind, nil when there is none.
func (c *Cursor) nextRecord(page *Page) (artifact.Raw, error) {
	first, err := c.After(page.From)
	if err != nil {
		return nil, err
	}
	s := search{c: c, next: first, end: c.Count()}
	for {
		if ok, err := s.advance(); err != nil || !ok {
			return nil, err
		}
		r, err := c.Single(s.next)
		if err != nil {
			return nil, err
		}
		if err := c.unchanged(r); err != nil {
			return nil, err
		}
		s.next++
		if page.To > 0 && r.Sequence() >= page.To {
			return nil, nil
		}
		if r.Sequence() >= page.From && c.Visible(r) {
			return r, nil
		}
		// The record disagrees with the index.
	}
}

// yield yields the events of some records, in the order of the page.
func (c *Cursor) yield(p *plan, records []artifact.Raw, page *Page, yield func(event.Event, error) bool) (more bool, err error) {
	var e event.Event
	for step := chunk; len(records) > 0; {
		some, rest := page.split(records, step)
		coordinates, err := c.coordinates(some)
		if err != nil && len(some) > 1 {
			step = 1 // the records before the damage are readable
			continue
		}
		if err != nil {
			return false, err
		}
		for i := range some {
			if page.Reverse {
				i = len(some) - 1 - i
			}
			e.Coordinate = coordinates[i]
			if !strings.HasPrefix(e.Entity, p.prefix) {
				continue
			}
			some[i].DecodeFacts(&e.Facts)
			if !page.has(e.Sequence) {
				continue // the list does not rise
			}
			e.TimestampUS, e.Timed = 0, false
			if err := c.check(&e); err != nil {
				return false, err
			}
			in, err := c.inTimes(&p.region.Times, &e)
			if err != nil && (c.options.Pass == nil || !c.options.Pass(err)) {
				return false, err
			}
			if !in && err == nil {
				continue
			}
			more := page.passed(e.Sequence)
			if !yield(e, err) || !more {
				return false, nil
			}
		}
		records = rest
	}
	return true, nil
}

// split returns the first n of some records in the order of the page, and the others.
func (p *Page) split(records []artifact.Raw, n int) (some, rest []artifact.Raw) {
	n = min(n, len(records))
	if p.Reverse {
		return records[len(records)-n:], records[:len(records)-n]
	}
	return records[:n], records[n:]
}

// Batches begin small, so that the first event comes soon, and grow, so that many come
// fast.
const (
	firstBatch = 16
	lastBatch  = 2048
)

// chunk is how many records of a batch are processed together: few enough to stay in the
// processor's first cache, and many enough to share the lookup of their names.
const chunk = 128

func nextBatch(n int) int {
	if n >= 1024 {
		return lastBatch
	}
	return min(4*max(n, firstBatch/4), 1024)
}

// batches calls f with the visible records of a region within a page, in order and at most
// chunk at a time, until f returns false. The names of their entities may still lack the
// prefix of the plan, and their own times may lie outside those of the region. The limit of
// the page, unless 0, is how many records f wants: no more are read when the plan is exact.
// Records before one that cannot be read go to f before the error is returned.
func (c *Cursor) batches(region *Region, page *Page, f func(*plan, []artifact.Raw) (bool, error)) (more bool, err error) {
	p, err := c.pagePlan(region, page)
	if err != nil || p.empty {
		return true, err
	}
	return c.read(p, page, f)
}

// pagePlan is plan for the records of a page.
func (c *Cursor) pagePlan(region *Region, page *Page) (*plan, error) {
	none := &c.p
	none.forget()
	none.empty = true
	first, last, err := c.Span(page)
	if err != nil || first == last {
		return none, err
	}
	return c.plan(region, first, last, false, max(page.Limit, 0))
}

// read is batches with a plan.
func (c *Cursor) read(p *plan, page *Page, f func(*plan, []artifact.Raw) (bool, error)) (more bool, err error) {
	buffers := c.borrow()
	defer c.giveBack(buffers)
	batch := &buffers.batch
	bounds, limit := *page, page.Limit // f moves the page
	for size := nextBatch(0); ; size = nextBatch(size) {
		want := size
		if left := p.driver.Left(); left < 4*size {
			want = min(left, lastBatch) // one batch instead of two
		}
		if limit > 0 && !p.inexact {
			want = min(want, limit)
		}
		numbers := buffers.room(want)
		n, failed := p.fill(numbers)
		if err := c.Records(numbers[:n], batch); err != nil {
			failed = err
		}
		read := len(batch.Records())
		for records := batch.Records(); len(records) > 0; {
			some := records[:min(chunk, len(records))]
			records = records[len(some):]
			admitted, err := c.admit(p, some, &bounds)
			if err != nil {
				failed, records = err, nil
			}
			if len(admitted) == 0 {
				continue
			}
			if more, err := f(p, admitted); err != nil || !more {
				return false, err
			}
		}
		if failed == nil {
			failed = c.ticked(p.next)
		}
		if failed != nil || read < want || read == 0 {
			return true, failed
		}
		limit -= read
	}
}

// room returns n record numbers.
func (b *buffers) room(n int) []uint32 {
	if cap(b.numbers) < n {
		b.numbers = make([]uint32, n)
	}
	return b.numbers[:n]
}

// admit keeps the records that match the plan and lie within a page, up to the first that
// has changed since the index was validated.
func (c *Cursor) admit(p *plan, records []artifact.Raw, page *Page) ([]artifact.Raw, error) {
	kept := records[:0]
	for _, r := range records {
		if err := c.unchanged(r); err != nil {
			return kept, err
		}
		if page.has(r.Sequence()) && p.match(r) && c.Visible(r) {
			kept = append(kept, r)
		}
	}
	return kept, nil
}
