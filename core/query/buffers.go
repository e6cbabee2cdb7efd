package query

import (
	"sync"

	"github.com/thawlog/thaw/core/index"
)

// buffers are those of a query over one part: at most some 600 kB, and some 3 kB
// where the answer is small. They go from one query to the next, since making them
// costs more than a small answer.
type buffers struct {
	numbers []uint32
	batch   index.Batch
	names   names
}

var bufferPool = sync.Pool{New: func() any { return new(buffers) }}

// borrow lends the cursor buffers until giveBack.
func (c *Cursor) borrow() *buffers {
	b := bufferPool.Get().(*buffers)
	b.batch.Parallel = c.options.Parallel
	c.names = &b.names
	return b
}

// giveBack returns the buffers, with nothing in them that would keep files or names
// alive.
func (c *Cursor) giveBack(b *buffers) {
	c.names = nil
	b.batch.Forget()
	b.names.forget()
	bufferPool.Put(b)
}
