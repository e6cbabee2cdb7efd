package main

import (
	"errors"
	"os"
	"slices"
	"time"
)

// syncSize is the size of syncTime's write, about a batch of 1,000 events.
const syncSize = 256 << 10

// syncTime returns the time of a write of syncSize bytes and its sync in dir without any
// engine: the median of 21.
func syncTime(dir string) (median time.Duration, err error) {
	f, err := os.CreateTemp(dir, "sync")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	var took []time.Duration
	buf := make([]byte, syncSize)
	for range 21 {
		started := time.Now()
		_, err := f.Write(buf)
		if err = errors.Join(err, f.Sync()); err != nil {
			return 0, err
		}
		took = append(took, time.Since(started))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
