// Package concurrently provides the values of Options.Parallel and Options.Ahead in core's tests:
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

// Ahead begins f(0) to f(n-1), each on its own goroutine. The function that it returns
// waits until all are done.
func Ahead(n int, f func(i int)) (rest func()) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	return wg.Wait
}
