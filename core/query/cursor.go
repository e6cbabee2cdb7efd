package query

import (
	"sync"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
)

// Cursor reads one part for one query, in one goroutine. Its methods and those of the
// reader return errors of packages index, damage and source that name the file.
type Cursor struct {
	index.Reader
	options Options
	// names are buffers for names, nil when the cursor keeps none.
	names  *names
	scopes *scopeNames
	file   string                    // that holds the records, "" for memory
	p      plan                      // the last one made
	tick   func(record uint32) error // see Watch
}

// cursorPool keeps cursors between queries, since making their buffers costs more than a
// small answer.
var cursorPool = sync.Pool{New: func() any { return new(Cursor) }}

// Cursor lends a cursor until its Release. A cursor that is never released is garbage
// collected.
func (p *Part) Cursor(o Options) *Cursor {
	c := cursorPool.Get().(*Cursor)
	c.Reset(&p.Image, p.Index)
	c.options, c.scopes, c.file = o, &p.scopes, p.File
	return c
}

// KeepNames makes the cursor keep the names it reads, for a query of several calls.
func (c *Cursor) KeepNames() { c.names = new(names) }

// Release returns the cursor to the pool, and empties it so that it keeps no files or
// names alive. Slices that it returned are no longer valid.
func (c *Cursor) Release() {
	c.Forget()
	c.p.forget()
	c.options, c.names, c.scopes, c.file, c.tick = Options{}, nil, nil, "", nil
	cursorPool.Put(c)
}

// Visible reports whether a record is not hidden.
func (c *Cursor) Visible(r artifact.Raw) bool { return !c.options.Hidden.Hides(r.Sequence()) }

// Event decodes a record and looks up its names.
func (c *Cursor) Event(r artifact.Raw) (e event.Event, err error) {
	if err := c.unchanged(r); err != nil {
		return event.Event{}, err
	}
	if e.Coordinate, err = c.coordinate(r); err != nil {
		return event.Event{}, err
	}
	r.DecodeFacts(&e.Facts)
	return e, c.check(&e)
}

func (c *Cursor) check(e *event.Event) (err error) {
	if c.options.Check != nil {
		*e, err = c.options.Check(*e)
	}
	return err
}

// unchanged returns an error when a record has changed since the index was validated.
func (c *Cursor) unchanged(r artifact.Raw) error {
	if r.Entity() == 0 || r.Scope() == 0 || r.Position().Length == 0 {
		return c.errChanged()
	}
	return nil
}

// errChanged returns the error of a record that has changed since the index was validated:
// the file was truncated, and through a mapping the rest of its last page reads as zeros.
func (c *Cursor) errChanged() error {
	why := damage.Refuse(damage.Short, -1, source.ErrShort)
	why.File = c.file
	return why
}

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
