// Package scarce lets a program go on when it may open no more files. Those who
// keep files open that they could open again register as a [Holder]; a file system
// from [Read] or [Write] has them close such files when one cannot be opened, and
// tries again.
//
// The holders are those of the whole process, because descriptors are.
package scarce

import (
	"slices"
	"sync"
)

// Holder has files open that it can do without for a while.
type Holder interface {
	// CloseIdle closes the files that are not in use at the moment and returns how
	// many those were. It may be called by any goroutine.
	CloseIdle() int
}

var (
	mu      sync.Mutex // not held while a holder is called
	holders []Holder
)

// Add makes a holder known until it is removed.
func Add(h Holder) {
	mu.Lock()
	defer mu.Unlock()
	holders = append(holders, h)
}

// Remove ends what Add began.
func Remove(h Holder) {
	mu.Lock()
	defer mu.Unlock()
	if i := slices.Index(holders, h); i >= 0 {
		holders = slices.Delete(holders, i, i+1)
	}
}

// CloseIdle has every holder close what is idle, and returns how many files those
// were. The caller must not hold a lock that a holder's CloseIdle takes.
func CloseIdle() (closed int) {
	mu.Lock()
	all := slices.Clone(holders)
	mu.Unlock()
	for _, h := range all {
		closed += h.CloseIdle()
	}
	return closed
}

// Tries bounds how often a call is tried while idle files are found: others may take
// the descriptors that become free.
const Tries = 8

// retry calls f, and again for as long as it lacks a descriptor and some could be
// freed.
func retry[T any](f func() (T, error)) (T, error) {
	got, err := f()
	for try := 1; try < Tries && Lacking(err) && CloseIdle() > 0; try++ {
		got, err = f()
	}
	return got, err
}
