package host

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// flusher writes indexes of appended events, and makes the store read those instead of
// the memtable. Two goroutines work for it: one flushes the tail, which is short work, and one
// merges index files that others wait for no longer than for a rename.
type flusher struct {
	options  *Options
	index    indexFiles
	versions *versions
	policy   tuning.Flushes
	ends     chan logEnd   // the end of the last sealed segment, to be flushed next
	done     chan struct{} // closed when the goroutine that flushes has ended

	merges   chan struct{} // asks for merges
	merged   chan struct{} // closed when the goroutine that merges has ended
	stopping atomic.Int32  // above 0 while no merge may go on
	// turn is held while the index files change: by a flush as a whole, and at the end of a
	// merge.
	turn sync.Mutex
	tags *index.Tags // to be filled in by write, if not nil
	left []uint64    // records of the files after the last flush

	sealedEnd atomic.Pointer[logEnd] // the end of the last sealed segment
	// compacting is held by the one compaction of segments. turn is locked after it.
	compacting sync.Mutex
	// asked is above 0 while a compaction that the caller asked for waits for compacting. Merges of
	// segments in the background stop then.
	asked atomic.Int32
	// switching is held, after turn, from the moment when other segments count until the
	// store reads them.
	switching sync.RWMutex
	// stuck is set when files were swapped and the store does not read them: it writes no
	// index any more.
	stuck atomic.Bool
	// appends makes a compaction stand back.
	appends appendsFirst
	// removals counts the compactions that dropped events or gave them another kind. The
	// writer forgets these then.
	removals atomic.Uint64
	// unread is set when the close has written an index that the store does not read.
	unread bool
	// closing is set when the store is being closed.
	closing atomic.Bool
}

// backgroundSync is the number of bytes of an index written between starts of a sync while the
// store is open: less than a millisecond of disk time, for which a sync of the log may have to wait.
const backgroundSync = 1 << 20

func newFlusher(o *Options, index indexFiles, vs *versions) *flusher {
	f := &flusher{
		options: o, index: index, versions: vs, policy: o.flushes(),
		ends: make(chan logEnd, 1), done: make(chan struct{}),
		merges: make(chan struct{}, 1), merged: make(chan struct{}),
	}
	f.noteSealed(vs.end())
	go f.run()
	go f.runMerges()
	f.askMerge()
	return f
}

// run flushes when the policy asks for it, until ends is closed.
func (f *flusher) run() {
	defer close(f.done)
	for end := range f.ends {
		f.flush(end)
	}
}

// runMerges merges when the policy asks for it, until merges is closed.
func (f *flusher) runMerges() {
	defer close(f.merged)
	last := math.MaxInt // earlier sessions may have left many small segments
	for range f.merges {
		f.mergeAll(flushOpen)
		if f.mergeSegments(flushOpen, last) {
			last = openSegments
		}
	}
}

// sealed requests a flush of all committed events. The writer calls it after it seals a
// segment. It does not wait: if an index is being written, the next one covers more.
func (f *flusher) sealed() {
	end := f.versions.end()
	f.noteSealed(end)
	if f.policy.InRotation {
		f.flush(end)
		return
	}
	select {
	case <-f.ends:
	default:
	}
	f.ends <- end
}

// close waits for an index that is being written, and stops a merge. It drops a pending
// request, which the index of the close covers.
func (f *flusher) close() {
	select {
	case <-f.ends:
	default:
	}
	f.closing.Store(true)
	f.stopping.Add(1)
	close(f.ends)
	<-f.done
	close(f.merges)
	<-f.merged
}

// flush writes an index up to end if the policy asks for one, and makes the store read it.
// It logs a failure; the flush after the next sealed segment tries again.
func (f *flusher) flush(end logEnd) {
	f.turn.Lock()
	f.tags = new(index.Tags)
	written, err := f.write(end, flushOpen)
	if written && err == nil {
		err = f.adopt(end.at, end.total(), f.tags)
	}
	f.turn.Unlock()
	if err != nil && !errors.Is(err, ErrDamaged) {
		f.index.notWritten(err)
	}
	if !written || err != nil {
		return
	}
	if f.policy.InRotation {
		f.mergeAll(flushOpen)
		return
	}
	f.askMerge()
}

// occasion is the occasion of a flush.
type occasion uint8

const (
	flushOpen     occasion = iota // while the store is open
	flushClosing                  // by Close
	flushUnproven                 // by Close, when the last segment may not be on disk
)

// write writes an index up to end if the policy asks for one.
func (f *flusher) write(end logEnd, when occasion) (written bool, err error) {
	if err := f.stuckError(); err != nil {
		return false, err
	}
	v, err := f.versions.pin()
	if err != nil {
		return false, err
	}
	defer v.release()
	if end.total() < v.snapshot.Flushed() {
		return false, nil // a compaction, for which this flush had to wait, went further
	}
	added, files := end.from(v.snapshot.Flushed()), v.snapshot.IndexFiles()
	events := files.TailEvents + uint64(added.Len())
	if events == 0 {
		return false, nil
	}
	l, err := listSegments(f.index.fs, f.index.dir, end.at)
	if err != nil {
		return false, err
	}
	tail := flush.Tail{Events: events}
	tail.Bytes, tail.Segments = l.after(files.End())
	parts := files.Records()
	if v.snapshot.IndexMoved() { // removed from outside, so index.fbati must be rebuilt
		parts = nil
	}
	moment := flush.AtClose
	if when == flushOpen {
		moment = flush.WhileOpen
	}
	first, ok := f.policy.Policy.First(parts, tail, moment)
	if !ok {
		return false, nil
	}
	if when == flushUnproven {
		if err := f.index.prove(end.at); err != nil {
			return false, err
		}
	}
	what := store.Flush{First: first, Run: added, To: end.at, NextSequence: end.next, Tags: f.tags}
	every := int64(backgroundSync)
	if when != flushOpen {
		what.Parallel, every = parallel, 0
	}
	if err := f.index.write(v.snapshot, what, l, false, every, nil); err != nil {
		return false, err
	}
	f.left = append(parts[:first:first], events)
	for _, n := range parts[first:] {
		f.left[first] += n
	}
	return true, nil
}

// errNotThere is the error of adopt if the index on disk is not the one just written.
var errNotThere = errors.New("thaw: the index on disk is not the one just written")

// adopt makes the store read the new files, which cover the log up to an end, the first
// flushed appended events, instead of the memtable. tags are those of the new file, or nil.
// turn must be held.
func (f *flusher) adopt(end artifact.Watermark, flushed int, tags *index.Tags) error {
	files, fresh, err := f.openIndex()
	if err != nil {
		return err
	}
	if is := fresh.IndexFiles(); is.End() != end || is.Unsaved {
		err = errNotThere
		for _, refused := range fresh.Report().Rejected {
			err = fmt.Errorf("%w: %w", err, refused)
		}
		return errors.Join(err, files.release())
	}
	files.finishOpen()
	if err := f.replace(files, fresh, end, flushed, tags); err != nil {
		return errors.Join(err, files.release())
	}
	return nil
}

// openIndex opens the index files alone. The caller releases files.
func (f *flusher) openIndex() (files *directory, fresh *store.Snapshot, err error) {
	reader := f.options.reader()
	files = newDirectory(f.index.dir, &reader)
	fresh, err = store.Open(files, store.Options{
		Seed: rand.Uint64(), Hash: digest, Parallel: parallel, IndexOnly: true, Unseal: reader.unseal(),
	})
	if err != nil {
		err = errors.Join(err, files.release())
	}
	return files, fresh, err
}

// replace installs a snapshot of files that cover the log up to end, the first flushed appended
// events. The next acquire adds those after them. A compaction may have given the last segment
// another length: where nothing was appended since, the log ends there now.
func (f *flusher) replace(files *directory, fresh *store.Snapshot, end artifact.Watermark, flushed int, tags *index.Tags) error {
	f.versions.editing.Lock()
	defer f.versions.editing.Unlock()
	v, err := f.versions.pin()
	if err != nil {
		return err
	}
	defer v.release()
	snapshot, err := v.snapshot.Adopt(fresh, flushed, tags)
	if err != nil {
		return err
	}
	return f.versions.install(func(c contents) contents {
		c.snapshot, c.files = snapshot, files
		if c.log.total() == flushed && c.log.at.Segment == end.Segment {
			c.log.at = end
		}
		return c
	})
}
