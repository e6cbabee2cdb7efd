package store

import (
	"errors"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
)

// Options are the choices of an open. The zero Options are safe.
type Options struct {
	// Seed makes places in hash tables unpredictable; any number will do.
	Seed uint64
	// Hash, when set, checks every payload that is read against its recorded
	// BLAKE3-256 digest.
	Hash func(payload []byte) event.Hash
	// Stop, when set, is asked now and then while work is long; its error ends
	// the work and is returned.
	Stop func() error
	// Parallel, when set, runs f(0) to f(n-1), on several goroutines where that
	// pays, and returns when all are done. Large answers are read, lookups made and
	// the frames of segments decoded with it; Stop and what reads segments may then
	// be called on any of them. Nothing else about an open changes.
	Parallel func(n int, f func(i int))
	// Strict makes damage an error of Open instead of a line in the report.
	Strict bool
	// ShowHidden leaves cancelled fences aside, and with them the file that
	// records them, readable or not. It is for salvage: what it shows was
	// promised to stay hidden.
	ShowHidden bool
	// CheckFrames compares every event that an iteration returns with its frame
	// first, so that not even an artifact that lies under a valid checksum can
	// change an answer. The events then have their own time. It costs a read and a
	// decode per event.
	CheckFrames bool
	// IndexOnly leaves everything aside that no file of an index covers.
	IndexOnly bool
	// CheckIndex reads and checks every page of the index when the store is opened,
	// not when a query touches it. It costs about 20 ms for each 10^6 events.
	CheckIndex bool
	// MakeLookups makes all lookups from the records, as where none were saved, which
	// judges every record of the index. It is for verification.
	MakeLookups bool
	// Judge, when set, makes an open that judges as one with MakeLookups does and keeps
	// nothing: the snapshot answers no question but Report, and no snapshot that was
	// refused is a witness of what was lost. Judge is given the log of the tail after
	// every segment and at its end, and may let it forget what is committed; an open
	// that starts again brings another log. It is for verification.
	Judge func(tail *replay.Log)
	// Skip names snapshots that are not to be looked at, for tests and tools.
	Skip []string
}

// makeLookups reports whether saved lookups are left aside.
func (o *Options) makeLookups() bool { return o.MakeLookups || o.Judge != nil }

// judge gives the log to Judge, when that is set.
func (o *Options) judge(tail *replay.Log) {
	if o.Judge != nil {
		o.Judge(tail)
	}
}

func (o *Options) stopped() error {
	if o.Stop == nil {
		return nil
	}
	return o.Stop()
}

// stopError marks the error of Options.Stop, so that it is not taken for
// trouble with a file.
type stopError struct{ err error }

// markStop makes every error of stop a stopError.
func markStop(stop func() error) func() error {
	if stop == nil {
		return nil
	}
	return func() error {
		if err := stop(); err != nil {
			return stopError{err}
		}
		return nil
	}
}

// unmarkStop returns the error of stop as it was.
func unmarkStop(err error) error {
	var stop stopError
	if errors.As(err, &stop) {
		return stop.err
	}
	return err
}

func (e stopError) Error() string { return e.err.Error() }
func (e stopError) Unwrap() error { return e.err }
