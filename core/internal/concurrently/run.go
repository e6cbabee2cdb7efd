// Package concurrently provides the value of Options.Parallel in core's tests:
// core itself starts no goroutines. Only tests import it.
package concurrently

import "sync"

// Run runs f(0) to f(n-1), each but the first on its own goroutine, and returns
// when all are done.
func Run(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n - min(n, 1) {
		wg.Go(func() { f(i + 1) })
	}
	if n > 0 {
		f(0)
	}
	wg.Wait()
}
