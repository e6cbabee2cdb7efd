// Package gather lets the single appends of many goroutines share one transaction, for
// engines that sync once per transaction: the group commit that programs build around them.
package gather

import (
	"runtime"

	"github.com/thawlog/thaw/host/bench/engine"
)

// Queue holds appends for the one goroutine that writes them.
type Queue struct {
	queue chan waiting
	done  chan struct{}
	write func([]*engine.Event) error
}

type waiting struct {
	event *engine.Event
	err   chan<- error
}

// most bounds a group.
const most = 1024

// New returns a queue whose groups are written by write, one after the other: all events of
// a group or none.
func New(write func([]*engine.Event) error) *Queue {
	q := &Queue{queue: make(chan waiting, most), done: make(chan struct{}), write: write}
	go q.serve()
	return q
}

// Append returns when the event's group is written.
func (q *Queue) Append(e *engine.Event) error {
	err := make(chan error, 1)
	q.queue <- waiting{event: e, err: err}
	return <-err
}

// Close ends the goroutine. No append may be in progress.
func (q *Queue) Close() {
	close(q.queue)
	<-q.done
}

// serve repeatedly writes all waiting appends.
func (q *Queue) serve() {
	defer close(q.done)
	var events []*engine.Event
	var results []chan<- error
	add := func(w waiting) { events, results = append(events, w.event), append(results, w.err) }
	for first := range q.queue {
		events, results = events[:0], results[:0]
		add(first)
		// Not all goroutines of the last group have returned yet: without yielding, every
		// other group would be a single event.
		for range 3 {
			runtime.Gosched()
			for n := len(q.queue); n > 0 && len(events) < most; n-- {
				add(<-q.queue) // serve is the only receiver
			}
		}
		err := q.write(events)
		for _, result := range results {
			result <- err
		}
	}
}
