package host

import (
	"context"
	"sync"
)

// committed is how far readers see, for those who wait for more.
type committed struct {
	mu      sync.Mutex
	visible uint64
	closed  bool
	more    chan struct{} // closed at the next change; nil when nobody waits
}

func (c *committed) advance(visible uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.visible = visible
	c.wake()
}

func (c *committed) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.wake()
}

func (c *committed) wake() {
	if c.more != nil {
		close(c.more)
		c.more = nil
	}
}

func (c *committed) now() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.visible
}

// wait returns as soon as visible is above sequence.
func (c *committed) wait(ctx context.Context, sequence uint64) (uint64, error) {
	for {
		c.mu.Lock()
		visible, closed := c.visible, c.closed
		if visible > sequence {
			c.mu.Unlock()
			return visible, nil
		}
		if closed {
			c.mu.Unlock()
			return visible, ErrClosed
		}
		if c.more == nil {
			c.more = make(chan struct{})
		}
		more := c.more
		c.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return visible, context.Cause(ctx)
		}
	}
}

// Committed is one above the sequence of the last event that readers see: every
// event below is there for good.
func (s *Store) Committed() uint64 { return s.committed.now() }

// WaitCommitted waits until Committed is above sequence and returns it: with the
// sequence of the next event one wants to read, it returns when that event can be
// read. It ends with ctx, and with [ErrClosed] when the store is closed. It starts
// no goroutine.
func (s *Store) WaitCommitted(ctx context.Context, sequence uint64) (uint64, error) {
	return s.committed.wait(ctx, sequence)
}
