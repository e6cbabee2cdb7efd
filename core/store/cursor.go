package store

import (
	"sync"

	"github.com/thawlog/thaw/core/index"
)

// cursor reads one part for one question, by one goroutine.
type cursor struct {
	index.Reader
	snapshot *Snapshot
	// names is room for names, nil when none are kept.
	names  *names
	scopes *sharedNames
	file   string // that holds the records, "" for memory
	p      plan   // the last that was made
}

// cursorPool: cursors go from one question to the next, since making their buffers costs more
// than a small answer.
var cursorPool = sync.Pool{New: func() any { return new(cursor) }}

// cursor lends a cursor until done is called. One that is never given back is
// garbage like anything else.
func (s *Snapshot) cursor(p *part) *cursor {
	p = p.now()
	c := cursorPool.Get().(*cursor)
	c.Reset(&p.image, p.tables)
	c.snapshot, c.scopes, c.file = s, &p.scopes, p.name
	return c
}

// done gives the cursor back, with nothing in it that would keep files or names
// alive. Whatever it returned that is not a copy is void then.
func (c *cursor) done() {
	c.Forget()
	c.p.forget()
	c.snapshot, c.names, c.scopes, c.file = nil, nil, nil, ""
	cursorPool.Put(c)
}
