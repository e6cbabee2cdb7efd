package host

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// flusher writes indexes of what was appended, and makes the store read those
// instead of what it holds in memory.
type flusher struct {
	options  *Options
	index    indexFiles
	versions *versions
	policy   tuning.Flushes
	ends     chan logEnd   // of sealed segments; what is to be flushed next
	done     chan struct{} // closed when nothing is written in the background any more
}

// backgroundSync is how many bytes of an index are written between syncs while
// appends go on: some milliseconds of a disk's time.
const backgroundSync = 8 << 20

func newFlusher(o *Options, index indexFiles, vs *versions) *flusher {
	f := &flusher{
		options: o, index: index, versions: vs, policy: o.flushes(),
		ends: make(chan logEnd, 1), done: make(chan struct{}),
	}
	go f.run()
	return f
}

// run flushes whenever the policy says so, until ends is closed.
func (f *flusher) run() {
	defer close(f.done)
	for end := range f.ends {
		f.flush(end)
	}
}

// sealed asks for a flush of everything that was committed, which a sealed segment
// ends. The writer calls it. It does not wait: while an index is being written, the
// next one covers more.
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

// close waits for an index that is being written. One that is not begun is not
// written: that of the close covers it.
func (f *flusher) close() {
	select {
	case <-f.ends:
	default:
	}
	close(f.ends)
	<-f.done
}

// flush writes an index up to end when the policy says so, and reads it from then on.
// A failure is logged, and the next sealed segment tries again.
func (f *flusher) flush(end logEnd) {
	written, err := f.write(end, flushOpen)
	if written && err == nil {
		err = f.adopt(end)
	}
	if err != nil && !errors.Is(err, ErrDamaged) {
		f.index.notWritten(err)
	}
}

// occasion is when an index is written.
type occasion uint8

const (
	flushOpen     occasion = iota // while appends go on
	flushClosing                  // by Close
	flushUnproven                 // by Close, and nothing shows that the last segment is on disk
)

// write writes an index up to end when that is worth it.
func (f *flusher) write(end logEnd, when occasion) (written bool, err error) {
	v, err := f.versions.pin()
	if err != nil {
		return false, err
	}
	defer v.release()
	run, files := end.from(v.snapshot.Flushed()), v.snapshot.IndexFiles()
	events := files.TailEvents + uint64(run.Len())
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
	if v.snapshot.IndexMoved() { // somebody removed them, which takes a new index.fbati
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
	what := store.Flush{First: first, Run: run, To: end.at, NextSequence: end.next}
	every := int64(backgroundSync)
	if when != flushOpen {
		what.Parallel, every = parallel, 0
	}
	if err := f.index.write(v.snapshot, what, l, false, every); err != nil {
		return false, err
	}
	return true, nil
}

// errNotThere is why an index that was written is not read.
var errNotThere = errors.New("thaw: the index that was written is not the one that is there")

// adopt makes the store read the files that were written up to end instead of what
// it holds in memory.
func (f *flusher) adopt(end logEnd) error {
	reader := f.options.reader()
	files := newDirectory(f.index.dir, &reader)
	fresh, err := store.Open(files, store.Options{
		Seed: rand.Uint64(), Hash: digest, Parallel: parallel, IndexOnly: true,
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
	files.settle()
	if err := f.replace(files, fresh, end); err != nil {
		return errors.Join(err, files.release())
	}
	return nil
}

// replace installs a snapshot of files that hold everything up to end. What was
// appended after it comes in when a reader asks.
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
