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
	if err := cmp.Or(f.stopped(), f.stuckError()); err != nil {
		return false, err
	}
	first, last, err := f.mergeable(when)
	if err != nil || last == 0 {
		return false, err
	}
	// A version would keep its memtable in memory as long as the merge takes.
	opened, s, err := f.openIndex()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, opened.release()) }()
	files := s.IndexFiles()
	if err := f.unchanged(files); err != nil || len(files.Files) < last {
		return false, err
	}
	end := files.Files[last-1]
	l, err := listSegments(f.index.fs, f.index.dir, end.End)
	if err != nil {
		return false, err
	}
	what := store.Flush{First: first, Last: last, To: end.End, NextSequence: end.NextSequence, Tags: new(index.Tags), Stop: f.stopped}
	locked := false
	err = f.index.write(s, what, l, false, backgroundSync, func() error {
		f.turn.Lock()
		locked = true
		return cmp.Or(f.stopped(), f.unchanged(files))
	})
	if locked {
		defer f.turn.Unlock()
	}
	if err == nil {
		err = f.adoptMerged(what.Tags)
	}
	return err == nil, err
}

// mergeable returns which files the policy merges into one: those from first up to last, which is 0
// for none.
func (f *flusher) mergeable(when occasion) (first, last int, err error) {
	v, err := f.versions.pin()
	if err != nil {
		return 0, 0, err
	}
	moment := flush.AtClose
	if when == flushOpen {
		moment = flush.WhileOpen
	}
	first, last, ok := f.policy.Policy.Merge(v.snapshot.IndexFiles().Records(), moment)
	if !ok || v.snapshot.IndexMoved() {
		first, last = 0, 0
	}
	return first, last, v.release()
}

func (f *flusher) stopped() error {
	if f.stopping.Load() > 0 {
		return errStopped
	}
	return nil
}

// unchanged returns an error unless the store still reads the files, and perhaps others after
// them. turn must be held.
func (f *flusher) unchanged(files *store.IndexFiles) error {
	v, err := f.versions.pin()
	if err != nil {
		return err
	}
	defer v.release()
	now := v.snapshot.IndexFiles()
	if len(now.Files) < len(files.Files) || !slices.Equal(now.Files[:len(files.Files)], files.Files) {
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
