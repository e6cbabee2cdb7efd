package query

import (
	"github.com/thawlog/thaw/core/artifact"
)

// Batches begin small, so that the first event comes out soon, and grow, so that
// the last ones come out fast.
const (
	firstBatch = 16
	lastBatch  = 2048
)

// together is how many records are looked at together: few enough to stay in the
// processor's first cache, and many enough to look their names up at once.
const together = 128

func nextBatch(n int) int {
	if n >= 1024 {
		return lastBatch
	}
	return min(4*max(n, firstBatch/4), 1024)
}

// batches gives the records of one part that are in a region, visible and not below
// a sequence to f, in order and at most together at once, until f returns false. The names of
// their entities may still lack the prefix that the plan has. limit, unless it is
// 0, is how many f wants: no more are read when none can be turned down. Records in
// front of one that cannot be read are given to f before the error is returned.
func (c *Cursor) batches(region *Region, from uint64, limit int, f func(*plan, []artifact.Raw) (bool, error)) (more bool, err error) {
	first, err := c.After(from)
	if err != nil || first == c.Count() {
		return true, err
	}
	p, err := c.plan(region, first, false, limit)
	if err != nil || p.nothing {
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
		if limit > 0 && !p.turnsDown {
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
			some := records[:min(together, len(records))]
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

// admit keeps the records that are what the plan is for, in front of the first that
// is not as it was.
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
