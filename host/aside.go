package host

import "sync/atomic"

// aside is a goroutine that does the work of a compaction, and stands back for appends: it pauses,
// and its thread gets a low priority as soon as appends were met. Without that, the kernel lets an
// append wait for up to a tick until a thread of the compaction has had its turn.
type aside struct {
	pauses *pauses
	low    bool
}

// pause is [pauses.pause]. Only the goroutine itself may call it, and it must end with its work:
// its thread ends with it.
func (a *aside) pause() {
	if a.pauses == nil {
		return
	}
	a.pauses.pause()
	if !a.low && !a.pauses.none() {
		a.low = true
		lowerPriority()
	}
}

// caller is the goroutine that waits for another one, which tells it what to call.
type caller struct {
	calls    chan func()
	returned chan struct{}
	gone     chan struct{} // closed if a call does not return
	left     atomic.Bool   // gone is closed
}

func newCaller() *caller {
	return &caller{calls: make(chan func()), returned: make(chan struct{}), gone: make(chan struct{})}
}

// wait runs f in a goroutine and does what f tells, until f returns. If a call panics, wait waits
// for f all the same: f must look at left.
func (c *caller) wait(f func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f()
	}()
	returned := false
	defer func() {
		if !returned {
			c.left.Store(true)
			close(c.gone)
			<-ended
		}
	}()
	for {
		select {
		case call := <-c.calls:
			call()
			c.returned <- struct{}{}
		case <-ended:
			returned = true
			return
		}
	}
}

// tell makes the goroutine that waits do a call.
func (c *caller) tell(call func()) {
	select {
	case c.calls <- call:
	case <-c.gone:
		return
	}
	select {
	case <-c.returned:
	case <-c.gone:
	}
}
