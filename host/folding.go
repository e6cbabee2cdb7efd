package host

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
)

// rotation is the end of a sealed segment, and what had been appended by then.
type rotation struct {
	run  appended
	next uint64 // the sequence behind run
	end  artifact.Watermark
}

// backgroundSync is how many bytes of an index are written between syncs while
// appends go on: some milliseconds of a disk's time.
const backgroundSync = 8 << 20

// rotated says that a segment was sealed. It is called by the writer and does
// not wait: when an index is being written, the next one will cover more.
func (s *Store) rotated(end artifact.Watermark) {
	s.seeing.Lock()
	r := rotation{s.run, s.next, end}
	s.seeing.Unlock()
	if s.folds.InRotation {
		s.foldRotation(r)
		return
	}
	select {
	case <-s.rotations:
	default:
	}
	s.rotations <- r
}

// foldRotations writes an index of what was appended whenever the rule says so,
// until rotations is closed.
func (s *Store) foldRotations(quit chan<- struct{}) {
	defer close(quit)
	for r := range s.rotations {
		s.foldRotation(r)
	}
}

// foldRotation writes an index up to r when the rule says so, and reads it from
// then on. What goes wrong is told, and the next rotation tries again.
func (s *Store) foldRotation(r rotation) {
	written, err := s.fold(r, flush.WhileOpen)
	if written && err == nil {
		err = s.adopt(r)
	}
	if err != nil && !errors.Is(err, ErrDamaged) {
		s.options.Logger.Warn("thaw: the index was not written", slog.String("store", s.path), slog.Any("error", err))
	}
}

// fold writes an index up to r when that is worth it.
func (s *Store) fold(r rotation, when flush.Moment) (written bool, err error) {
	v, _, err := s.look()
	if err != nil {
		return false, err
	}
	defer func() { _ = v.files.release() }()
	run := r.run.behind(v.snapshot.Folded())
	events := v.snapshot.TailEvents() + uint64(run.Len())
	if events == 0 {
		return false, nil
	}
	l, err := listSegments(s.options.FS, s.path, r.end)
	if err != nil {
		return false, err
	}
	tail := flush.Tail{Events: events}
	tail.Bytes, tail.Segments = l.behind(v.snapshot.FileEnd())
	parts := v.snapshot.FileParts()
	if v.snapshot.FilesMoved() { // somebody removed them, which takes a new index.fbati
		parts = nil
	}
	first, ok := s.folds.Rule.First(parts, tail, when)
	if !ok {
		return false, nil
	}
	if when == flush.AtClose && s.writer.unsure {
		if err := s.prove(r.end); err != nil {
			return false, err
		}
	}
	f := store.Flush{First: first, Run: run, To: r.end, Allocator: r.next}
	every := int64(backgroundSync)
	if when == flush.AtClose {
		f.Parallel, every = parallel, 0
	}
	if err := s.writeIndex(v.snapshot, f, l, false, every); err != nil {
		return false, err
	}
	return true, nil
}

// prove makes the last segment durable, of which nothing shows that it is: an index
// must not vouch for what a power cut takes.
func (s *Store) prove(end artifact.Watermark) error {
	if err := syncFile(s.options.FS, filepath.Join(s.path, segment.Name(end.Segment))); err != nil {
		return err
	}
	return syncDir(s.options.FS, s.path)
}

// errNotThere is why an index that was written is not read.
var errNotThere = errors.New("thaw: the index that was written is not the one that is there")

// adopt makes the store read the files that were written up to r instead of what
// it holds in memory.
func (s *Store) adopt(r rotation) error {
	reader := s.options.reader()
	files := newDirectory(s.path, &reader)
	fresh, err := store.Open(files, store.Options{
		Seed: rand.Uint64(), Hash: digest, Parallel: parallel, IndexOnly: true,
	})
	if err == nil && (fresh.FileEnd() != r.end || fresh.LacksLookups()) {
		err = errNotThere
		for _, refused := range fresh.Report().Rejected {
			err = fmt.Errorf("%w: %w", err, refused)
		}
	}
	if err != nil {
		return errors.Join(err, files.release())
	}
	files.settle()
	s.growing.Lock()
	defer s.growing.Unlock()
	old, _, err := s.look()
	if err != nil {
		return errors.Join(err, files.release())
	}
	defer func() { _ = old.files.release() }() // as look retained it
	n := *old
	n.files = files
	if n.snapshot, err = old.snapshot.Adopt(fresh, r.run.total()); err != nil {
		return errors.Join(err, files.release())
	}
	s.seeing.Lock()
	defer s.seeing.Unlock()
	files.catchUp(old.files)
	if s.active.name != "" {
		if err := files.know(s.active.name, s.active.size); err != nil {
			return errors.Join(err, files.release())
		}
	}
	s.view = &n
	s.past = n
	s.forgettable.Store(int64(r.run.total()))
	return old.files.release() // as the view did
}

// active is the segment that is being written, and how long it is for readers.
type active struct {
	name string
	size int64
}

// began says that a segment was made.
func (s *Store) began(name string) error {
	s.seeing.Lock()
	was := s.active
	s.active = active{name, 0}
	files := s.view.files
	files.retain()
	s.seeing.Unlock()
	err := errors.Join(files.add(name), files.release())
	if err != nil { // the file goes again
		s.seeing.Lock()
		s.active = was
		s.seeing.Unlock()
	}
	return err
}

// grew says that a segment is now size bytes long.
func (s *Store) grew(name string, size int64) {
	s.seeing.Lock()
	defer s.seeing.Unlock()
	s.active = active{name, size}
	s.view.files.grew(name, size)
}

// livePast is what was in the store before the writer's own events, and possibly
// some of those.
type livePast struct{ *Store }

var _ commit.Past = livePast{}

// now is the past, whose files are to be released.
func (p livePast) now() (store.Past, *directory) {
	p.seeing.Lock()
	defer p.seeing.Unlock()
	p.past.files.retain()
	return store.Past{Snapshot: p.past.snapshot}, p.past.files
}

// Latest implements commit.Past.
func (p livePast) Latest(entity string) (commit.Head, bool, error) {
	past, files := p.now()
	defer func() { _ = files.release() }()
	return past.Latest(entity)
}

// ByID implements commit.Past.
func (p livePast) ByID(id event.ID) (commit.Known, bool, error) {
	past, files := p.now()
	defer func() { _ = files.release() }()
	return past.ByID(id)
}
