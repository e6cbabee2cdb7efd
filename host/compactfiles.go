package host

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/compact"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/fsabstraction"
)

// errPanic makes the files of a compaction close without a sync when its judge panics. The caller
// sees the panic, not the error.
var errPanic = errors.New("panic")

// write writes the new segments.
func (x *compacting) write(v *version, swap *swapping) error {
	r, err := x.writeSegments(v, swap)
	if err != nil {
		return x.damaged(err)
	}
	x.done = r
	x.count(r)
	if !r.Changed() {
		return errNothing
	}
	for _, id := range r.Replaced {
		swap.Remove(segment.Name(id))
	}
	return nil
}

func (x *compacting) writeSegments(v *version, swap *swapping) (r *compact.Result, err error) {
	w := newSegmentFiles(swap, x.pauses)
	err = errPanic
	defer func() { err = w.close(err) }()
	plan, here := x.plan, newCaller()
	if plan.Progress != nil {
		plan.Progress = func(done, total uint64) { here.tell(func() { x.plan.Progress(done, total) }) }
	}
	plan.Stop = func() error {
		if here.left.Load() {
			return errPanic
		}
		return x.plan.Stop()
	}
	var prepared *compact.Prepared
	var failed error
	if plan.Judge != nil { // in this goroutine
		if prepared, failed = compact.Prepare(v.snapshot, plan); failed != nil {
			return nil, failed
		}
	}
	here.wait(func() {
		defer x.aside()()
		if plan.Judge == nil {
			prepared, failed = compact.Prepare(v.snapshot, plan)
		}
		if failed == nil {
			r, failed = prepared.Write(w.put)
		}
	})
	return r, failed
}

// aside makes the goroutine that calls it stand back for appends until resume. It must not be that
// of the caller of Compact.
func (x *compacting) aside() (resume func()) {
	self := aside{pauses: x.pauses}
	x.pause = self.pause
	return func() { x.pause = x.pauses.pause }
}

// switchOver writes the index of the new segments, and makes all of it count. Flushes wait
// meanwhile.
func (x *compacting) switchOver(swap *swapping) error {
	f := x.flusher
	if x.quiet { // merges run in the same goroutine, or no more
		f.turn.Lock()
		defer f.turn.Unlock()
	} else {
		defer f.pause()()
	}
	// More may have been sealed, and flushed, since the compaction began. The version is pinned
	// after this look, so that it has all of it.
	x.end = f.lastSealed()
	v, err := f.versions.pin()
	if err != nil {
		return errors.Join(err, swap.Abort())
	}
	defer v.release()
	to, err := x.writeIndex(v, swap)
	if err != nil {
		return errors.Join(err, swap.Abort())
	}
	if err := x.plan.Stop(); err != nil { // not below: it can pause
		return errors.Join(err, swap.Abort())
	}
	f.switching.Lock() // a read of a moved event waits for the new places
	switched := sync.OnceFunc(f.switching.Unlock)
	defer switched()
	if err := swap.Commit(); err != nil {
		if errors.Is(err, errUndecided) {
			return x.unfinished(err)
		}
		return errors.Join(err, swap.Abort())
	}
	x.result.Generation++
	read := func() error { return f.adopt(to, x.end.total(), x.tags) }
	adopted := false
	adopt := func() error {
		if adopted {
			return nil
		}
		if err := read(); err != nil {
			return err
		}
		adopted = true
		f.movedEnd(to)
		if x.done.Dropped+x.done.Tombstoned > 0 { // a redacted event keeps all that the writer knows of it
			f.removals.Add(1)
		}
		switched() // thousands of segments may have to be removed
		return nil
	}
	_, err = finishSwap(f.index.fs, f.index.dir, x.pauses, adopt)
	// The new files count, whatever failed since: without them an append with the key of a dropped
	// event would be a repetition.
	if err = errors.Join(err, adopt()); err != nil {
		return x.unfinished(err)
	}
	x.logDone()
	if err := read(); err != nil { // nothing is pending in the directory now; the next flush reads it too
		f.options.Logger.Warn("thaw: the index was not opened again after a compaction", slog.String("store", x.path), slog.Any("error", err))
	}
	return nil
}

// unfinished makes the store stop writing indexes. An error in the background has no caller.
func (x *compacting) unfinished(err error) error {
	x.flusher.stuck.Store(true)
	if x.quiet {
		x.flusher.options.Logger.Warn("thaw: a merge of small segments is not finished; reopen the store", slog.String("store", x.path), slog.Any("error", err))
	}
	return fmt.Errorf("%w: %w", ErrUnfinished, err)
}

// writeIndex writes an index of the new segments in place of the first index file that knows
// a replaced one, and of all after it. It returns where it ends.
func (x *compacting) writeIndex(v *version, swap *swapping) (to artifact.Watermark, err error) {
	f := x.flusher
	if x.sizes, err = listSegments(f.index.fs, f.index.dir, x.end.at); err != nil {
		return to, err
	}
	l := x.newSizes()
	if err := f.index.prove(x.end.at); err != nil {
		return to, err
	}
	to.Segment = l.ids[len(l.ids)-1]
	to.Offset, _ = l.size(to.Segment)
	files, flushed := v.snapshot.IndexFiles(), v.snapshot.Flushed()
	first := slices.IndexFunc(files.Files, func(file store.IndexFile) bool { return file.End.Segment >= x.done.Replaced[0] })
	if first < 0 {
		first = len(files.Files)
	}
	if v.snapshot.IndexMoved() {
		first = 0
	}
	names := []string{artifact.FileName, index.FileName}
	if first > 0 {
		names = []string{index.PartName(files.Files[first-1].End.Segment, to.Segment)}
	}
	x.tags = new(index.Tags)
	what := store.Flush{
		First: first, Tags: x.tags, Run: v.log.from(flushed).To(x.end.total() - flushed), To: to, NextSequence: x.end.next,
		Segments: l.ids, Sizes: l.size, Edit: x.done.Edit, Stop: x.plan.Stop,
		Scratch: scratchSpace{fs: f.index.fs, dir: f.index.dir, made: f.index.made, pauses: x.pauses}, Memory: f.index.memory,
	}
	write := func() error { return x.writeIndexFiles(v, swap, names, what, l) }
	if x.pauses.none() {
		what.Parallel = parallel
		err = write()
	} else { // several goroutines would take the processors from the appends
		newCaller().wait(func() {
			defer x.aside()()
			err = write()
		})
	}
	if err != nil {
		return to, err
	}
	keep := files.Names()[:first]
	for _, name := range x.sizes.parts {
		if !slices.Contains(keep, name) {
			swap.Remove(name)
		}
	}
	swap.Remove(checkpoint.FileName)
	s, err := x.lineageFile(v)
	if err != nil {
		return to, err
	}
	return to, swap.Write([]string{lineage.FileName}, func(files []fsabstraction.WriteFile) error {
		_, err := files[0].WriteAt(lineage.AppendFile(nil, s), 0)
		return err
	})
}

// writeIndexFiles writes the files of the index.
func (x *compacting) writeIndexFiles(v *version, swap *swapping, names []string, what store.Flush, l *segmentSizes) error {
	return swap.Write(names, func(files []fsabstraction.WriteFile) error {
		into := make([]flush.Write, len(files))
		for i, file := range files {
			write := syncing(file, backgroundSync)
			into[i] = func(off int64, b []byte) error {
				x.pause()
				return write(off, b)
			}
		}
		return cmp.Or(v.snapshot.Flush(what, into[0], into[len(into)-1]), l.failed, sound(v.snapshot, false))
	})
}

// newSizes returns the segments as they are after the compaction.
func (x *compacting) newSizes() *segmentSizes {
	l := &segmentSizes{fs: x.sizes.fs, dir: x.sizes.dir, known: map[uint64]uint64{}}
	for _, file := range x.done.Files {
		l.known[file.ID] = file.Size
	}
	for _, id := range x.sizes.ids {
		_, renewed := l.known[id]
		if _, replaced := slices.BinarySearch(x.done.Replaced, id); renewed || !replaced {
			l.ids = append(l.ids, id)
		}
		if !renewed && id == x.end.at.Segment {
			l.known[id] = x.end.at.Offset
		}
	}
	return l
}

// settle ends the segment that is being written, if it has events, and returns where the log
// ends. The sync mark must not name a segment that is replaced then.
func (w *writer) settle() (logEnd, error) {
	w.serving.Lock()
	defer w.serving.Unlock()
	if w.failed != nil {
		return logEnd{}, w.failed
	}
	if w.active != nil && w.log.Offset() > uint64(len(w.active.header)) {
		if err := w.seal(); err != nil {
			return logEnd{}, err
		}
		w.flusher.sealed()
		var err error
		if w.planned, err = planSegment(w.dir, w.next, w.options.Now()); err != nil {
			return logEnd{}, err
		}
		w.log.Start(w.next, uint64(len(w.planned.header)))
	}
	if w.active == nil {
		if err := errors.Join(w.mark.remove(), syncDir(w.fs, w.dir)); err != nil {
			return logEnd{}, err
		}
		w.flusher.noteSealed(w.versions.end())
	}
	return w.flusher.lastSealed(), nil
}

// noteSealed notes the end of the last sealed segment, without the events, which the writer
// may forget.
func (f *flusher) noteSealed(end logEnd) {
	f.sealedEnd.Store(&logEnd{forgotten: end.total(), next: end.next, at: end.at})
}

// movedEnd notes where the last sealed segment ends after a compaction, unless the writer has
// sealed another one since.
func (f *flusher) movedEnd(to artifact.Watermark) {
	old := f.sealedEnd.Load()
	if end := *old; end.at.Segment == to.Segment {
		end.at = to
		f.sealedEnd.CompareAndSwap(old, &end)
	}
}

// lastSealed returns the end of the last sealed segment, all events forgotten.
func (f *flusher) lastSealed() logEnd { return *f.sealedEnd.Load() }
