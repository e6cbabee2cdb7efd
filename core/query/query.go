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

// batches calls f with the visible records of a region, from a sequence on, in order and
// at most chunk at a time, until f returns false. The names of their entities may still
// lack the prefix of the plan. limit, unless 0, is how many records f wants: no more are
// read when the plan is exact. Records before one that cannot be read go to f before the
// error is returned.
func (c *Cursor) batches(region *Region, from uint64, limit int, f func(*plan, []artifact.Raw) (bool, error)) (more bool, err error) {
	first, err := c.After(from)
	if err != nil || first == c.Count() {
		return true, err
	}
	p, err := c.plan(region, first, false, limit)
	if err != nil || p.empty {
		return true, err
	}
	return c.read(p, from, limit, f)
}

// read is batches with a plan.
func (c *Cursor) read(p *plan, from uint64, limit int, f func(*plan, []artifact.Raw) (bool, error)) (more bool, err error) {
	buffers := c.borrow()
	defer c.giveBack(buffers)
	batch := &buffers.batch
	for size := nextBatch(0); ; size = nextBatch(size) {
		want := size
		if left := p.driver.Left(); left < 4*size {
			want = min(left, lastBatch) // one batch instead of two
		}
		if limit > 0 && !p.inexact {
			want = min(want, limit)
		}
		if cap(buffers.numbers) < want {
			buffers.numbers = make([]uint32, want)
		}
		numbers := buffers.numbers[:want]
		n, failed := p.fill(numbers)
		if err := c.Records(numbers[:n], batch); err != nil {
			failed = err
		}
		read := len(batch.Records())
		for records := batch.Records(); len(records) > 0; {
			some := records[:min(chunk, len(records))]
			records = records[len(some):]
			admitted, err := c.admit(p, some, from)
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
		if failed != nil || read < want || read == 0 {
			return true, failed
		}
		limit -= read
	}
}

// admit keeps the records that match the plan, up to the first that has changed since
// the index was validated.
func (c *Cursor) admit(p *plan, records []artifact.Raw, from uint64) ([]artifact.Raw, error) {
	kept := records[:0]
	for _, r := range records {
		if err := c.unchanged(r); err != nil {
			return kept, err
		}
		if r.Sequence() >= from && p.match(r) && c.Visible(r) {
			kept = append(kept, r)
		}
	}
	return kept, nil
}
