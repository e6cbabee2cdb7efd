package host

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// flusher writes indexes of appended events, and makes the store read those instead of
// the memtable.
type flusher struct {
	options  *Options
	index    indexFiles
	versions *versions
	policy   tuning.Flushes
	ends     chan logEnd   // the end of the last sealed segment, to be flushed next
	done     chan struct{} // closed when the background goroutine has ended
}

// backgroundSync is the number of bytes of an index written between syncs while the store
// is open: a few milliseconds of disk time.
const backgroundSync = 8 << 20

func newFlusher(o *Options, index indexFiles, vs *versions) *flusher {
	f := &flusher{
		options: o, index: index, versions: vs, policy: o.flushes(),
		ends: make(chan logEnd, 1), done: make(chan struct{}),
	}
	go f.run()
	return f
}

// run flushes when the policy asks for it, until ends is closed.
func (f *flusher) run() {
	defer close(f.done)
	for end := range f.ends {
		f.flush(end)
	}
}

// sealed requests a flush of all committed events. The writer calls it after it seals a
// segment. It does not wait: if an index is being written, the next one covers more.
func (f *flusher) sealed() {
	end := f.versions.end()
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

// close waits for an index that is being written. It drops a pending request, which the
// index of the close covers.
func (f *flusher) close() {
	select {
	case <-f.ends:
	default:
	}
	close(f.ends)
	<-f.done
}

// flush writes an index up to end if the policy asks for one, and makes the store read it.
// It logs a failure; the flush after the next sealed segment tries again.
func (f *flusher) flush(end logEnd) {
	written, err := f.write(end, flushOpen)
	if written && err == nil {
		err = f.adopt(end)
	}
	if err != nil && !errors.Is(err, ErrDamaged) {
		f.index.notWritten(err)
	}
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
	v, err := f.versions.pin()
	if err != nil {
		return false, err
	}
	defer v.release()
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
	what := store.Flush{First: first, Run: added, To: end.at, NextSequence: end.next}
	every := int64(backgroundSync)
	if when != flushOpen {
		what.Parallel, every = parallel, 0
	}
	if err := f.index.write(v.snapshot, what, l, false, every); err != nil {
		return false, err
	}
	return true, nil
}

// errNotThere is the error of adopt if the index on disk is not the one just written.
var errNotThere = errors.New("thaw: the index on disk is not the one just written")

// adopt makes the store read the new files, which cover the log up to end, instead of the
// memtable.
func (f *flusher) adopt(end logEnd) error {
	reader := f.options.reader()
	files := newDirectory(f.index.dir, &reader)
	fresh, err := store.Open(files, store.Options{
		Seed: rand.Uint64(), Hash: digest, Parallel: parallel, IndexOnly: true, Unseal: reader.unseal(),
	})
	if err == nil {
		if is := fresh.IndexFiles(); is.End() != end.at || is.Unsaved {
			err = errNotThere
			for _, refused := range fresh.Report().Rejected {
				err = fmt.Errorf("%w: %w", err, refused)
			}
		}
	}
	if err != nil {
		return errors.Join(err, files.release())
	}
	files.finishOpen()
	if err := f.replace(files, fresh, end); err != nil {
		return errors.Join(err, files.release())
	}
	return nil
}

// replace installs a snapshot of files that cover the log up to end. The next acquire adds
// the events after it.
func (f *flusher) replace(files *directory, fresh *store.Snapshot, end logEnd) error {
	f.versions.editing.Lock()
	defer f.versions.editing.Unlock()
	v, err := f.versions.pin()
	if err != nil {
		return err
	}
	defer v.release()
	snapshot, err := v.snapshot.Adopt(fresh, end.total())
	if err != nil {
		return err
	}
	return f.versions.install(func(c contents) contents {
		c.snapshot, c.files = snapshot, files
		return c
	})
}
