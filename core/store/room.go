package store

import (
	"sync"

	"github.com/thawlog/thaw/core/index"
)

// room is the buffers of an iteration over one part: at most some 600 kB, and some
// 3 kB where the answer is small. They go from one iteration to the next, since
// making them costs more than a small answer.
type room struct {
	numbers []uint32
	batch   index.Batch
	names   names
}

var rooms = sync.Pool{New: func() any { return new(room) }}

// enter lends the cursor a room until leave is called.
func (c *cursor) enter() *room {
	r := rooms.Get().(*room)
	r.batch.Parallel = c.snapshot.options.Parallel
	c.names = &r.names
	return r
}

// leave gives the room back, with nothing in it that would keep files or names
// alive.
func (c *cursor) leave(r *room) {
	c.names = nil
	r.batch.Forget()
	r.names.forget()
	rooms.Put(r)
}
