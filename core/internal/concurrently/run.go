// Package concurrently is what core's tests set as Options.Parallel: core has no
// goroutines of its own. Only tests import it.
package concurrently

import "sync"

// Run runs f(0) to f(n-1), each but the first on a goroutine of its own, and returns
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
