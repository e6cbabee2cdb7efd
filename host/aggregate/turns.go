package aggregate

import (
	"context"
	"slices"
	"sync"
)

// turns lets one command at a time work on an entity: of several at once all but one would
// conflict.
type turns struct {
	mu sync.Mutex
	// waiting has the entities whose turn is taken, and who waits for it, in order. A closed
	// channel has got the turn.
	waiting map[string][]chan struct{}
}

func newTurns() *turns { return &turns{waiting: map[string][]chan struct{}{}} }

// take waits for the turn of an entity. After an error, the cause of ctx, there is none to
// end.
func (t *turns) take(ctx context.Context, entity string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	t.mu.Lock()
	queue, taken := t.waiting[entity]
	if !taken {
		t.waiting[entity] = nil
		t.mu.Unlock()
		return nil
	}
	mine := make(chan struct{})
	t.waiting[entity] = append(queue, mine)
	t.mu.Unlock()
	select {
	case <-mine:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	i := slices.Index(t.waiting[entity], mine)
	if i >= 0 {
		t.waiting[entity] = slices.Delete(t.waiting[entity], i, i+1)
	}
	t.mu.Unlock()
	if i < 0 { // it got the turn meanwhile
		t.end(entity)
	}
	return context.Cause(ctx)
}

// end gives the turn to the next in the queue.
func (t *turns) end(entity string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	queue := t.waiting[entity]
	if len(queue) == 0 {
		delete(t.waiting, entity)
		return
	}
	close(queue[0])
	t.waiting[entity] = queue[1:]
}
