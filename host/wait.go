package host

import "context"

// wake wakes the callers of wait. mu must be held.
func (vs *versions) wake() {
	if vs.more != nil {
		close(vs.more)
		vs.more = nil
	}
}

// visible returns one more than the last sequence that readers see.
func (vs *versions) visible() uint64 {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	return vs.log.next
}

// wait returns as soon as visible is above sequence.
func (vs *versions) wait(ctx context.Context, sequence uint64) (uint64, error) {
	for {
		vs.mu.Lock()
		next := vs.log.next
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

// Committed returns one more than the sequence of the last event that readers see. Every
// event below it stays in the store, except after power loss with another durability than
// [OnDisk].
func (s *Store) Committed() uint64 { return s.versions.visible() }

// WaitCommitted waits until Committed is above sequence and returns it. Given the sequence
// of the next event to read, it returns once that event can be read. The result is the next
// sequence to pass, after the events below it have been read:
//
//	for next := from; ; {
//		end, err := st.WaitCommitted(ctx, next)
//		… // return the error
//		for e, err := range st.Query(ctx, region, host.Page{From: next}) {
//			… // stop at e.Sequence >= end: it comes with the next round
//		}
//		next = end
//	}
//
// A loop that passes the sequence after the last event of its region instead finds nothing
// and does not wait when the store's last events are of other regions. [Store.Follow] is
// this loop. WaitCommitted fails when ctx ends, and with [ErrClosed] when the store is
// closed. It starts no goroutine.
func (s *Store) WaitCommitted(ctx context.Context, sequence uint64) (uint64, error) {
	return s.versions.wait(ctx, sequence)
}
