package host

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel runs f(0) to f(n-1) on one goroutine per processor, including the caller's, and
// returns when all are done.
func parallel(n int, f func(i int)) { ahead(n, f)() }

// ahead begins f(0) to f(n-1) on one goroutine per processor but one. The caller must call
// rest once: it takes part, and returns when all are done.
func ahead(n int, f func(i int)) (rest func()) { return spread(runtime.GOMAXPROCS(0), n, f) }

// spread is ahead with a number of goroutines.
func spread(goroutines, n int, f func(i int)) (rest func()) {
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			f(i)
		}
	}
	var wg sync.WaitGroup
	for range min(n, goroutines) - 1 {
		wg.Go(work)
	}
	return func() {
		work()
		wg.Wait()
	}
}
