package engine

import (
	"iter"
	"math"
)

// worker is a coroutine that runs one task after the other. A new one begins with a
// small stack, which the core makes the runtime copy four or five times; one that is
// used again has grown.
type worker struct {
	task  *task // to run
	next  func() (int32, bool)
	stop  func()
	yield func(int32) bool
}

// idleAtMost bounds the workers that are kept.
const idleAtMost = 8

// finished is what a worker yields between two tasks.
const finished = math.MinInt32

// idleWorker returns a worker that runs t when it is resumed.
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

// resume runs the worker's task up to its next answer, or to its end, which is
// finished.
func (w *worker) resume() int32 {
	if state, more := w.next(); more {
		return state
	}
	return finished
}
