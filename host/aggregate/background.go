package aggregate

import (
	"context"
	"errors"
	"sync"
	"time"
)

// background writes snapshots one by one, in a goroutine that ends when none is asked for.
type background struct {
	mu      sync.Mutex
	asked   map[string]func(context.Context) error // by entity
	running bool
	closed  bool
	stop    context.CancelFunc // of the running goroutine
	wait    sync.WaitGroup

	// After a failure nothing is asked for until a time: most failures are not of one
	// entity, and each attempt loads it.
	pause time.Duration
	until time.Time
	// bad has the entities whose state cannot be saved, and until when they are not asked for:
	// their failures say nothing about others.
	bad map[string]time.Time
}

// maxAsked bounds how many snapshots are asked for. Further ones are dropped: the next load
// asks again.
const maxAsked = 1024

const (
	firstFailurePause   = 100 * time.Millisecond
	longestFailurePause = time.Minute
)

// ask has a snapshot written soon.
func (b *background) ask(entity string, save func(context.Context) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || len(b.asked) >= maxAsked || b.pause > 0 && time.Now().Before(b.until) {
		return
	}
	if until, bad := b.bad[entity]; bad && time.Now().Before(until) {
		return
	}
	delete(b.bad, entity)
	if b.asked == nil {
		b.asked = map[string]func(context.Context) error{}
	}
	b.asked[entity] = save
	if b.running {
		return
	}
	b.running = true
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	b.wait.Go(func() {
		defer stop()
		b.run(ctx)
	})
}

// run writes what is asked for.
func (b *background) run(ctx context.Context) {
	for {
		b.mu.Lock()
		var entity string
		var save func(context.Context) error
		for entity, save = range b.asked {
			delete(b.asked, entity)
			break
		}
		b.running = save != nil
		b.mu.Unlock()
		if save == nil {
			return
		}
		b.done(entity, save(ctx))
	}
}

// done decides when the next snapshot may be asked for.
func (b *background) done(entity string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if errors.Is(err, ErrSnapshotState) {
		if b.bad == nil || len(b.bad) >= maxAsked {
			b.bad = map[string]time.Time{}
		}
		b.bad[entity] = time.Now().Add(longestFailurePause)
		return
	}
	if err == nil {
		b.pause = 0
		return
	}
	b.pause = min(max(2*b.pause, firstFailurePause), longestFailurePause)
	b.until = time.Now().Add(b.pause)
	clear(b.asked)
}

// close ends the load for a snapshot, and waits until one that is being written is.
func (b *background) close() {
	b.mu.Lock()
	b.closed = true
	clear(b.asked)
	if b.stop != nil {
		b.stop()
	}
	b.mu.Unlock()
	b.wait.Wait()
}
