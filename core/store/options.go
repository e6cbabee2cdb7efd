package store

import (
	"slices"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/scratch"
)

// Options are the choices of an open. The zero Options are safe.
type Options struct {
	// Seed makes places in hash tables unpredictable; any number will do.
	Seed uint64
	// Hash, when set, checks every payload that is read against its recorded
	// BLAKE3-256 digest.
	Hash func(payload []byte) event.Hash
	// Stop, when set, is called now and then during long work. Its error ends the work
	// and is returned.
	Stop func() error
	// Parallel, when set, runs f(0) to f(n-1), on several goroutines where that pays,
	// and returns when all are done. It reads large answers, builds indexes and decodes
	// the frames of segments. Stop and the sources of segments may then be called on
	// any of the goroutines. Results do not depend on it.
	Parallel func(n int, f func(i int))
	// Ahead, when set, begins f(0) to f(n-1) on other goroutines and returns. rest, which
	// is called once, runs those that did not begin yet and returns when all are done.
	// ReadEach uses it; sources are then read on any of the goroutines.
	Ahead func(n int, f func(i int)) (rest func())
	// Strict makes Open return the first damage instead of listing it in the report.
	Strict bool
	// ShowHidden ignores cancelled fences, and with them the file that records them,
	// readable or not. It is for salvage: it shows what was promised to stay hidden.
	ShowHidden bool
	// CheckFrames compares every event of an iteration with its frame before returning
	// it, so not even an index.fbati that is wrong under a valid checksum can change an
	// answer. The events then have their own time. It costs a read and a decode per
	// event.
	CheckFrames bool
	// IndexOnly leaves out every event that no index file covers.
	IndexOnly bool
	// CheckIndex reads and checks every page of the index at open, not when a query
	// first touches it. It costs about 20 ms per 10^6 events.
	CheckIndex bool
	// BuildIndex builds the index from the records even where one was saved, which
	// validates every record. It is for verification.
	BuildIndex bool
	// ValidateOnly, when set, validates as BuildIndex does and keeps nothing: the
	// snapshot answers no question but Report, and no refused index is searched for
	// lost events. ValidateOnly is called with the log of the tail after every segment
	// and at its end, and may let the log forget what is committed. An open that starts
	// again brings another log. It is for verification.
	ValidateOnly func(tail *replay.Log)
	// Scratch, when set, is where the records of the tail are put aside when there are at
	// least SpillAfter of them: see [Snapshot.Spilled]. A store with hidden ranges, or with a
	// refused index that lists other events than the segments, is read into memory.
	Scratch    scratch.Space
	SpillAfter int
	// Moved, when set, returns a snapshot of the store as it is now, for events that a
	// compaction has moved since the snapshot in use was taken, whose generation it is
	// given; nil if the store's is still that one. release is called after the last use.
	// Any goroutine of a query may call it.
	Moved func(generation uint64) (fresh *Snapshot, release func(), err error)
	// Lost, if set, is called with each event that a refused index lists and no segment
	// holds. It is for salvage.
	Lost func(event.Event)
	// Unseal, when set, is called with every event that is read for its payload and has one,
	// after its frame was checked. It may replace the payload, and overwrite its bytes. Its
	// error comes with the event; only one of class [ErrErased] does not end an iteration.
	// With Ahead it is called on any of the goroutines.
	Unseal func(*event.Full) error
	// Skip names files to ignore, for tests and tools.
	Skip []string

	// known is shared by the snapshots that follow from one Open.
	known *knownFrames
}

// buildsIndex reports whether a saved index is ignored.
func (o *Options) buildsIndex() bool { return o.BuildIndex || o.ValidateOnly != nil }

// validate calls ValidateOnly, if set.
func (o *Options) validate(tail *replay.Log) {
	if o.ValidateOnly != nil {
		o.ValidateOnly(tail)
	}
}

// stopped calls Stop, if set.
func (o *Options) stopped() error {
	if o.Stop == nil {
		return nil
	}
	return o.Stop()
}

// skips reports whether a file is to be ignored.
func (o *Options) skips(name string) bool { return slices.Contains(o.Skip, name) }
