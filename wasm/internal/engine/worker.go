package engine

import (
	"iter"
	"math"
)

// worker is a coroutine that runs one task after the other. A new one starts with a small
// stack, which the runtime must grow, with a copy, four or five times for the core; a
// reused one has grown.
type worker struct {
	task  *task // to run
	next  func() (int32, bool)
	stop  func()
	yield func(int32) bool
}

// idleAtMost bounds the number of idle workers.
const idleAtMost = 8

// finished is the value a worker yields between two tasks.
const finished = math.MinInt32

// idleWorker returns a worker that runs t when resumed.
func (e *Engine) idleWorker(t *task) *worker {
	if n := len(e.idle); n > 0 {
		w := e.idle[n-1]
		e.idle = e.idle[:n-1]
		w.task = t
		return w
	}
	w := &worker{task: t}
	w.next, w.stop = iter.Pull(func(yield func(int32) bool) {
		w.yield = yield
		for {
			t := w.task
			again := t.run()
			w.task = nil
			if !again || len(e.idle) >= idleAtMost {
				return
			}
			e.idle = append(e.idle, w)
			if !yield(finished) {
				return
			}
		}
	})
	return w
}

// resume runs the worker's task to its next answer, or to its end and returns finished.
func (w *worker) resume() int32 {
	if state, more := w.next(); more {
		return state
	}
	return finished
}
