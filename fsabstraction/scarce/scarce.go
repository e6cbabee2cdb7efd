// Package scarce lets a program continue when it runs out of file descriptors. An object
// that keeps files open only as a cache registers as a [Holder]. When an open fails for
// lack of a descriptor, a file system from [Read] or [Write] has the holders close idle
// files and retries.
//
// The holders are shared by the whole process, as descriptors are.
package scarce

import (
	"slices"
	"sync"
)

// Holder has open files that it can do without for a while.
type Holder interface {
	// CloseIdle closes the files not in use at the moment and returns their number. Any
	// goroutine may call it.
	CloseIdle() int
}

var (
	mu      sync.Mutex // not held while a holder is called
	holders []Holder
)

// Add registers h until Remove.
func Add(h Holder) {
	mu.Lock()
	defer mu.Unlock()
	holders = append(holders, h)
}

// Remove unregisters h.
func Remove(h Holder) {
	mu.Lock()
	defer mu.Unlock()
	if i := slices.Index(holders, h); i >= 0 {
		holders = slices.Delete(holders, i, i+1)
	}
}

// CloseIdle has every holder close its idle files, and returns their number. The caller
// must not hold a lock that a holder's CloseIdle takes.
func CloseIdle() (closed int) {
	mu.Lock()
	all := slices.Clone(holders)
	mu.Unlock()
	for _, h := range all {
		closed += h.CloseIdle()
	}
	return closed
}

// Tries bounds the attempts of one call while idle files are found: other callers may take
// the freed descriptors.
const Tries = 8

// retry calls f, and repeats it while it lacks a descriptor and holders could free some.
func retry[T any](f func() (T, error)) (T, error) {
	got, err := f()
	for try := 1; try < Tries && TooManyOpen(err) && CloseIdle() > 0; try++ {
		got, err = f()
	}
	return got, err
}
