package host

import "context"

// wake lets those go on who wait for more. mu is held.
func (vs *versions) wake() {
	if vs.more != nil {
		close(vs.more)
		vs.more = nil
	}
}

// visible is one above the last sequence that readers see.
func (vs *versions) visible() uint64 {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	return vs.next
}

// wait returns as soon as visible is above sequence.
func (vs *versions) wait(ctx context.Context, sequence uint64) (uint64, error) {
	for {
		vs.mu.Lock()
		next := vs.next
		if next > sequence {
			vs.mu.Unlock()
			return next, nil
		}
		if vs.current == nil {
			vs.mu.Unlock()
			return next, ErrClosed
		}
		if vs.more == nil {
			vs.more = make(chan struct{})
		}
		more := vs.more
		vs.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return next, context.Cause(ctx)
		}
	}
}

// Committed is one above the sequence of the last event that readers see: every
// event below is there for good.
func (s *Store) Committed() uint64 { return s.versions.visible() }

// WaitCommitted waits until Committed is above sequence and returns it: with the
// sequence of the next event one wants to read, it returns when that event can be
// read. It ends with ctx, and with [ErrClosed] when the store is closed. It starts
// no goroutine.
func (s *Store) WaitCommitted(ctx context.Context, sequence uint64) (uint64, error) {
	return s.versions.wait(ctx, sequence)
}
