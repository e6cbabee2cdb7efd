package query

import (
	"github.com/thawlog/thaw/core/artifact"
)

// batchesBack is batches from the end of the page: each call of f has records in order, but
// those of a later call lie before those of an earlier one. It reads the records in windows,
// the last one first, and walks the sets forwards within each. A window has about as many
// members of the smallest set as a batch, so the last events of a list cost no more than its
// first ones.
func (c *Cursor) batchesBack(region *Region, page *Page, f func(*plan, []artifact.Raw) (bool, error)) (more bool, err error) {
	p, err := c.pagePlan(region, page)
	if err != nil || p.empty {
		return true, err
	}
	buffers := c.borrow()
	defer c.giveBack(buffers)
	bounds, limit := *page, page.Limit // f moves the page
	end := p.last
	damaged := end // records from here up to end are read one by one
	for size := nextBatch(0); end > p.first; size = nextBatch(size) {
		want := size
		if limit > 0 && !p.inexact {
			want = min(want, limit)
		}
		if end > damaged {
			want = 1
		}
		from, err := c.window(p, end, want, buffers)
		records := buffers.batch.Records()
		read := len(records)
		for err == nil && len(records) > 0 {
			some := records[max(len(records)-chunk, 0):]
			records = records[:len(records)-len(some)]
			var admitted []artifact.Raw
			if admitted, err = c.admit(p, some, &bounds); err != nil || len(admitted) == 0 {
				continue
			}
			if more, err := f(p, admitted); err != nil || !more {
				return false, err
			}
		}
		if err != nil && want == 1 {
			return true, err
		}
		if err != nil { // the records of the window after the damage are readable
			damaged, size = from, 0
			continue
		}
		end = from
		limit -= read
	}
	return true, nil
}

// window reads the last want records or so of a plan before record end. It returns the number
// of the first record considered.
func (c *Cursor) window(p *plan, end uint32, want int, b *buffers) (from uint32, err error) {
	b.batch.Clear()
	if from, err = p.driver.Last(p.first, end, want); err != nil {
		return p.first, err
	}
	if err := p.rewind(from, end); err != nil {
		return from, err
	}
	numbers := b.room(max(want, maxUnion))
	n, err := p.fill(numbers)
	if err != nil {
		return from, err
	}
	return from, c.Records(numbers[:n], &b.batch)
}
