package pages

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
)

// Checked is a part of a source that checks each page against its checksum on
// the first read. It is safe for concurrent use. A page that does not match its
// checksum is a [damage.Refusal] of reason checksum, and one that cannot be
// read is one of reason unreadable; both have the offset in the file. The
// caller's buffer is undefined then. The next read tries such a page again.
type Checked struct {
	src    source.Source
	again  source.Again  // src, when it implements Again
	lender source.Lender // src, when it lends
	at     uint64        // of the part's first byte in src
	size   uint64
	sums   source.Source
	sumsAt uint64 // of the first page's checksum in sums
	file   string
	// seen has a bit for each checked page, in blocks that are allocated on
	// first use: a file costs nothing until it is read.
	seen []atomic.Pointer[seenBlock]
}

const (
	seenWords = 64
	seenPages = seenWords * 64 // pages a block stands for: 16 MiB
)

type seenBlock [seenWords]atomic.Uint64

// NewChecked returns the size bytes of src from offset at on, which must lie in
// it. The checksum of the first page is at sumsAt in sums, and the others
// follow. file is the name for errors.
func NewChecked(file string, src source.Source, at, size uint64, sums source.Source, sumsAt uint64) *Checked {
	again, _ := src.(source.Again)
	return &Checked{
		src: src, again: again, lender: source.LenderOf(src), at: at, size: size, sums: sums, sumsAt: sumsAt, file: file,
		seen: make([]atomic.Pointer[seenBlock], (Count(size)+seenPages-1)/seenPages),
	}
}

// Direct returns c without its source's cheaper way to read bytes again. It is for few
// scattered reads, since each may make a mapping grow by 64 KiB.
func (c *Checked) Direct() *Checked {
	d := *c
	d.again = nil
	return &d
}

// Size implements source.Source.
func (c *Checked) Size() int64 { return int64(c.size) }

// A page that a read covers in part is read into an own buffer, so that it can be
// checked. Most reads are of one or two pages. Reads of more than largePages
// check whole pages in the caller's buffer.
const (
	smallPages = 4
	largePages = 17
	sumsRead   = 64 // checksums that are read at once
)

// buffers is what one read needs besides the caller's buffer.
type buffers struct {
	sums  [sumsRead * SumSize]byte
	pages []byte
}

var (
	smallBuffers = sync.Pool{New: func() any { return &buffers{pages: make([]byte, smallPages*Size)} }}
	largeBuffers = sync.Pool{New: func() any { return &buffers{pages: make([]byte, largePages*Size)} }}
)

// ReadAt implements source.Source.
func (c *Checked) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || uint64(off) > c.size || uint64(len(p)) > c.size-uint64(off) {
		return 0, source.ErrShort
	}
	if len(p) == 0 {
		return 0, nil
	}
	from := uint64(off)
	first, last := from/Size, (from+uint64(len(p))-1)/Size
	if c.allSeen(first, last) {
		if err := c.reread(p, from); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	if last-first >= largePages {
		return c.long(p, from)
	}
	pool := &smallBuffers
	if last-first >= smallPages {
		pool = &largeBuffers
	}
	r := pool.Get().(*buffers)
	defer pool.Put(r)
	begin := first * Size
	whole := r.pages[:min((last+1)*Size, c.size)-begin]
	if err := c.fresh(whole, begin, r); err != nil {
		return 0, err
	}
	return copy(p, whole[from-begin:]), nil
}

// long is ReadAt of many pages. The pages at the ends, of which p covers a
// part, go through a buffer; those between go straight into p. All are read from the file: a
// scan that touched a mapping once per block would map all of it.
func (c *Checked) long(p []byte, from uint64) (n int, err error) {
	r := smallBuffers.Get().(*buffers)
	defer smallBuffers.Put(r)
	edge := func(p []byte, from uint64) error {
		begin := from - from%Size
		page := r.pages[:min(Size, c.size-begin)]
		if err := c.fresh(page, begin, r); err != nil {
			return err
		}
		copy(p, page[from-begin:])
		return nil
	}
	if head := from % Size; head > 0 {
		n = int(Size - head)
		if err := edge(p[:n], from); err != nil {
			return 0, err
		}
	}
	end := from + uint64(len(p))
	tail := end % Size
	if end == c.size {
		tail = 0 // the last page ends where the file does
	}
	if err := c.fresh(p[n:uint64(len(p))-tail], from+uint64(n), r); err != nil {
		return 0, err
	}
	if tail > 0 {
		if err := edge(p[uint64(len(p))-tail:], end-tail); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// fresh reads whole pages from offset from on, and checks those that were not
// yet checked.
func (c *Checked) fresh(p []byte, from uint64, r *buffers) error {
	if err := source.Read(c.src, p, c.at+from); err != nil {
		return c.refuse(damage.Unreadable, from, source.Named(c.file, err))
	}
	return c.check(p, from/Size, r)
}

// check compares pages just read with their checksums.
func (c *Checked) check(p []byte, page uint64, r *buffers) error {
	sums := &r.sums
	for len(p) > 0 {
		n := min(Count(uint64(len(p))), sumsRead)
		if err := source.Read(c.sums, sums[:n*SumSize], c.sumsAt+page*SumSize); err != nil {
			return err
		}
		for i := range n {
			one := p[:min(len(p), Size)]
			if Sum(one) != binary.LittleEndian.Uint32(sums[i*SumSize:]) {
				return c.refuse(damage.Checksum, (page+i)*Size, nil)
			}
			c.see(page + i)
			p = p[len(one):]
		}
		page += n
	}
	return nil
}

// reread reads bytes of checked pages.
func (c *Checked) reread(p []byte, from uint64) error {
	var err error
	if c.again == nil {
		err = source.Read(c.src, p, c.at+from)
	} else if n, e := c.again.ReadAgain(p, int64(c.at+from)); n < len(p) {
		err = e
		if err == nil {
			err = source.ErrShort
		}
	}
	if source.IsEnd(err) && err != nil {
		err = source.ErrShort
	}
	if err != nil {
		return c.refuse(damage.Unreadable, from, source.Failed(c.file, int64(c.at+from), err))
	}
	return nil
}

func (c *Checked) refuse(why damage.Reason, off uint64, err error) error {
	return &damage.Refusal{File: c.file, Reason: why, Offset: int64(c.at + off), Err: err}
}

// Forget marks every page as not seen, so that the next read checks it again.
// Call it when the bytes may have changed since.
func (c *Checked) Forget() {
	for i := range c.seen {
		c.seen[i].Store(nil)
	}
}

func (c *Checked) allSeen(first, last uint64) bool {
	for page := first; page <= last; page++ {
		block := c.seen[page/seenPages].Load()
		if block == nil || block[page%seenPages/64].Load()&(1<<(page%64)) == 0 {
			return false
		}
	}
	return true
}

func (c *Checked) see(page uint64) {
	at := &c.seen[page/seenPages]
	block := at.Load()
	if block == nil {
		block = new(seenBlock)
		if !at.CompareAndSwap(nil, block) {
			block = at.Load()
		}
	}
	block[page%seenPages/64].Or(1 << (page % 64))
}
