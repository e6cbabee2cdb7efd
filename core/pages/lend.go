package pages

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
)

// Lends implements source.Lender.
func (c *Checked) Lends() bool { return c.lender != nil }

// Lend implements source.Lender: it lends one page, which it checks where it lies.
// Checked bytes that are lent stay as they were checked, whatever becomes of the file.
func (c *Checked) Lend(off, n uint64, read bool) (b []byte, start uint64, err error) {
	if off > c.size || n > c.size-off {
		return nil, 0, source.ErrShort
	}
	page := off / Size
	if c.lender == nil || n == 0 || (off+n-1)/Size != page {
		return nil, 0, nil
	}
	from := page * Size
	size := min(Size, c.size-from)
	seen := c.allSeen(page, page)
	if !seen && !read {
		return nil, 0, source.ErrAbsent
	}
	b, start, err = c.lender.Lend(c.at+from, size, read)
	if err == source.ErrAbsent {
		return nil, 0, err
	}
	if err != nil {
		err = source.LendError(c.at+from, err)
		if seen { // as reread says it
			from = off
		}
		return nil, 0, c.refuse(damage.Unreadable, from, source.Named(c.file, err))
	}
	if b == nil {
		return nil, 0, nil
	}
	b = b[c.at+from-start:][:size:size]
	if !seen {
		r := smallBuffers.Get().(*buffers)
		defer smallBuffers.Put(r)
		if err := c.check(b, page, r); err != nil {
			return nil, 0, err
		}
	}
	return b, from, nil
}
