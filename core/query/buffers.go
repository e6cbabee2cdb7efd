package query

import (
	"sync"

	"github.com/thawlog/thaw/core/index"
)

// buffers are the buffers of a query over one part: at most some 600 kB, and some 3 kB
// for a small answer. They are pooled, since making them costs more than a small answer.
type buffers struct {
	numbers []uint32
	batch   index.Batch
	names   names
}

var bufferPool = sync.Pool{New: func() any { return new(buffers) }}

// borrow lends buffers to the cursor until giveBack.
func (c *Cursor) borrow() *buffers {
	b := bufferPool.Get().(*buffers)
	b.batch.Parallel = c.options.Parallel
	c.names = &b.names
	return b
}

// giveBack returns the buffers to the pool. It empties them, so that they keep no files or
// names alive.
func (c *Cursor) giveBack(b *buffers) {
	c.names = nil
	b.batch.Forget()
	b.names.forget()
	bufferPool.Put(b)
}
