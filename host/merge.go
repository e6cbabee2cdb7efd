package host

import (
	"cmp"
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/store"
)

// errStopped ends a merge that something more urgent waits for. It is begun again later.
var errStopped = errors.New("thaw: a merge was stopped")

// mergeAll merges index files as long as the policy asks for it. It logs a failure; the merge
// after the next flush tries again.
func (f *flusher) mergeAll(when occasion) {
	for {
		again, err := f.merge(when)
		if err != nil && !errors.Is(err, errStopped) && !errors.Is(err, ErrUnfinished) && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrClosed) {
			f.index.notWritten(err)
		}
		if !again || err != nil {
			return
		}
	}
}

// mergeAtClose merges files of which short sessions left too many: left has the numbers of
// their records. The goroutines must have ended, and the close have written an index up to
// end.
func (f *flusher) mergeAtClose(end logEnd) error {
	if _, _, ok := f.policy.Policy.Merge(f.left, flush.AtClose); !ok {
		return nil
	}
	f.turn.Lock()
	err := f.adopt(end.at, end.total(), nil)
	f.turn.Unlock()
	if err == nil {
		f.stopping.Store(0)
		f.mergeAll(flushClosing)
	}
	return err
}

// pause stops a merge and waits for a flush, so that the caller can change the index files,
// and make the store read them, until it calls resume. It must not be called during a close.
func (f *flusher) pause() (resume func()) {
	f.stopping.Add(1)
	f.turn.Lock()
	return func() {
		f.turn.Unlock()
		f.stopping.Add(-1)
		f.askMerge()
	}
}

// askMerge makes the goroutine that merges look whether it should.
func (f *flusher) askMerge() {
	if f.policy.InRotation {
		return
	}
	select {
	case f.merges <- struct{}{}:
	default: // asked already
	}
}

// merge merges some index files into one, if the policy asks for it. Flushes may come
// between, but no other merge.
func (f *flusher) merge(when occasion) (merged bool, err error) {
	m, err := f.beginMerge(when)
	if m == nil || err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, m.files.release()) }()
	locked := false
	err = f.index.write(m.snapshot, m.what, m.sizes, false, backgroundSync, func() error {
		f.turn.Lock()
		locked = true
		return cmp.Or(f.stopped(), f.stuckError(), f.unchanged(m.snapshot))
	})
	if locked {
		defer f.turn.Unlock()
	}
	if err == nil {
		err = f.adoptMerged(m.what.Tags)
	}
	return err == nil, err
}

// merging is a merge of index files that was begun.
type merging struct {
	// snapshot has the index files alone: a version would keep its memtable in memory for as
	// long as the merge takes.
	snapshot *store.Snapshot
	files    *directory
	what     store.Flush
	sizes    *segmentSizes
}

// beginMerge returns the merge that the policy asks for, nil for none. The caller releases its
// files.
func (f *flusher) beginMerge(when occasion) (m *merging, err error) {
	f.turn.Lock()
	defer f.turn.Unlock()
	if err := cmp.Or(f.stopped(), f.stuckError()); err != nil {
		return nil, err
	}
	first, last, err := f.mergeable(when)
	if err != nil || last == 0 {
		return nil, err
	}
	opened, s, err := f.openIndex()
	if err != nil {
		return nil, err
	}
	m = &merging{snapshot: s, files: opened}
	all := s.IndexFiles().Files
	if err = f.unchanged(s); err == nil && len(all) < last { // one could not be read now
		err = errStopped
	}
	if err == nil {
		end := all[last-1]
		m.what = store.Flush{First: first, Last: last, To: end.End, NextSequence: end.NextSequence, Tags: new(index.Tags), Stop: f.stopped}
		m.sizes, err = listSegments(f.index.fs, f.index.dir, end.End)
	}
	if err != nil {
		return nil, errors.Join(err, opened.release())
	}
	return m, nil
}

// mergeable returns which files the policy merges into one: those from first up to last, which is 0
// for none. A store that was found damaged has none; nor has one with events that were read from
// segments when it was opened, which the merged files lack: the next flush writes those.
func (f *flusher) mergeable(when occasion) (first, last int, err error) {
	v, err := f.versions.pin()
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, v.release()) }()
	moment := flush.AtClose
	if when == flushOpen {
		moment = flush.WhileOpen
	}
	files := v.snapshot.IndexFiles()
	first, last, ok := f.policy.Policy.Merge(files.Records(), moment)
	if !ok || files.TailEvents > 0 || v.snapshot.IndexMoved() {
		return 0, 0, nil
	}
	return first, last, sound(v.snapshot, false)
}

func (f *flusher) stopped() error {
	if f.stopping.Load() > 0 {
		return errStopped
	}
	return nil
}

// unchanged returns an error unless the store still reads the index files of s, and perhaps others
// after them. A compaction can have written one again that has as many events and ends in the
// same place. turn must be held.
func (f *flusher) unchanged(s *store.Snapshot) error {
	v, err := f.versions.pin()
	if err != nil {
		return err
	}
	defer v.release()
	now, files := v.snapshot.IndexFiles().Files, s.IndexFiles().Files
	if v.snapshot.Generation() != s.Generation() || len(now) < len(files) || !slices.Equal(now[:len(files)], files) {
		return errStopped
	}
	return nil
}

// adoptMerged makes the store read the index files that are there now, which hold the same
// events. turn must be held.
func (f *flusher) adoptMerged(tags *index.Tags) error {
	v, err := f.versions.pin()
	if err != nil {
		return err
	}
	flushed, end := v.snapshot.Flushed(), v.snapshot.IndexFiles().End()
	if err := v.release(); err != nil {
		return err
	}
	return f.adopt(end, flushed, tags)
}
