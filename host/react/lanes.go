package react

import (
	"context"
	"sync"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Bounds of the events that were read and are not done.
const (
	maxOpen      = 1024
	maxOpenBytes = 16 << 20
)

// task is one event to deliver.
type task struct {
	e         typed.Envelope
	undecoded error // of its payload
	tries     int
	done      bool
}

// lanes does tasks: those of one entity, a lane, one after the other, and those of several
// lanes at once. A goroutine exists only while a task is done or waits for its next try.
type lanes struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	atOnce int
	// do does a task. retry says that it is to be done again, after sleep.
	do    func(ctx context.Context, t *task) (retry bool, err error)
	sleep func(ctx context.Context, t *task) error
	// exited returns the error of a task that ended its goroutine.
	exited  func(t *task) error
	workers sync.WaitGroup

	mu      sync.Mutex
	open    []*task            // in order of sequence, from the first that is not done
	bytes   int                // of the payloads of open that are not done
	waiting map[string][]*task // by entity; the first one is being done, or its lane is ready
	ready   []string           // lanes of which no task is being done, in turn
	working int                // tasks being done
	passed  host.Position      // after everything that was read

	room  chan struct{} // a task is done; for the reader
	moved chan struct{} // position may have moved; for keep
}

func newLanes(ctx context.Context, cancel context.CancelCauseFunc, from host.Position, atOnce int, do func(context.Context, *task) (bool, error)) *lanes {
	return &lanes{
		ctx: ctx, cancel: cancel, atOnce: atOnce, do: do, passed: from, waiting: map[string][]*task{},
		room: make(chan struct{}, 1), moved: make(chan struct{}, 1),
	}
}

// signal makes the next receive from c, or the one that waits, return.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // already signalled
	}
}

// add waits for room and adds a task. after is the position after its event.
func (l *lanes) add(t *task, after host.Position) error {
	for {
		l.mu.Lock()
		if len(l.open) == 0 || len(l.open) < maxOpen && l.bytes+len(t.e.Payload) <= maxOpenBytes {
			break
		}
		l.mu.Unlock()
		select {
		case <-l.room:
		case <-l.ctx.Done():
			return context.Cause(l.ctx)
		}
	}
	defer l.mu.Unlock()
	l.open = append(l.open, t)
	l.bytes += len(t.e.Payload)
	l.passed = after
	lane := l.waiting[t.e.Entity]
	l.waiting[t.e.Entity] = append(lane, t)
	if len(lane) == 0 {
		l.ready = append(l.ready, t.e.Entity)
		l.start()
	}
	return nil
}

// start starts a goroutine for each lane that is ready, up to atOnce. mu must be held.
func (l *lanes) start() {
	for l.working < l.atOnce && len(l.ready) > 0 {
		t := l.next()
		l.working++
		l.workers.Add(1)
		go l.work(t)
	}
}

// next takes the first task of the lane whose turn it is. mu must be held.
func (l *lanes) next() *task {
	lane := l.ready[0]
	l.ready = l.ready[1:]
	return l.waiting[lane][0]
}

// work does a task and then others, while lanes are ready.
func (l *lanes) work(t *task) {
	defer l.workers.Done()
	returned := false
	defer func() {
		if !returned {
			l.cancel(l.exited(t))
		}
	}()
	for t != nil && l.ctx.Err() == nil {
		retry, err := l.do(l.ctx, t)
		if err != nil {
			l.cancel(err)
			break
		}
		if retry {
			l.pause(t)
			break
		}
		t = l.finish(t)
	}
	returned = true
}

// pause gives way to another lane until it is time for the next try of a task.
func (l *lanes) pause(t *task) {
	l.mu.Lock()
	l.working--
	l.start()
	l.mu.Unlock()
	if l.sleep(l.ctx, t) != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready = append(l.ready, t.e.Entity)
	l.start()
}

// finish notes that a task is done, and returns another one to do or nil.
func (l *lanes) finish(t *task) *task {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.done = true
	l.bytes -= len(t.e.Payload)
	t.e.Payload, t.e.Value = nil, nil // it may stay in open for long
	for len(l.open) > 0 && l.open[0].done {
		l.open[0], l.open = nil, l.open[1:]
	}
	signal(l.room)
	signal(l.moved)
	if lane := l.waiting[t.e.Entity][1:]; len(lane) > 0 {
		l.waiting[t.e.Entity] = lane
		l.ready = append(l.ready, t.e.Entity)
	} else {
		delete(l.waiting, t.e.Entity)
	}
	if len(l.ready) == 0 {
		l.working--
		return nil
	}
	return l.next()
}

// pass notes that the reader has passed over events of other regions.
func (l *lanes) pass(p host.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passed = p
	signal(l.moved)
}

// position returns the position before the first event that is not done, and whether there is
// none.
func (l *lanes) position() (p host.Position, idle bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) == 0 {
		return l.passed, true
	}
	return host.Position{Store: l.passed.Store, Sequence: l.open[0].e.Sequence}, false
}

// keep saves the position until the context ends: at once when nothing is open, and every now
// and then while there is.
func (l *lanes) keep(k *keeper) {
	for {
		select {
		case <-l.moved:
		case <-l.ctx.Done():
			return
		}
		p, idle := l.position()
		save := k.due
		if idle {
			save = k.save
		}
		// Nobody could recover a panic of the checkpoint here.
		if err := call(func() error { return save(p) }); err != nil {
			l.cancel(err)
			return
		}
	}
}
