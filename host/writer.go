package host

import (
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/fsabstraction"
)

// maxGroup is how many bytes of frames are written at once before a sync. It
// bounds the memory of a group and how long the first of its appends waits.
const maxGroup = 4 << 20

// writer is the one goroutine that changes a store. Everything it owns is its
// own; what readers see goes through published.
type writer struct {
	fs      fsabstraction.FS
	dir     string
	options *Options
	log     *commit.Log
	files   *directory
	active  *activeSegment // nil until something is written, and behind a full segment
	planned *activeSegment // what to write to when active is nil; nil before it is needed
	next    uint64         // id of the segment to begin next
	// end is where the log ends, without the active segment.
	end      artifact.Watermark
	mark     *markFile
	requests chan *request
	publish  func(run artifact.Run, visible uint64)

	// unsure says that nothing shows that the segment at end is on disk: a process
	// that died may have sealed it and not synced it.
	unsure bool

	staged   []*request
	unsynced bool // frames were written since the last sync
	wrote    bool // something was appended since the open

	mu     sync.Mutex
	failed error // a *FailedError
}

// run serves requests until they are closed. quit is closed when it is done.
func (w *writer) run(quit chan<- struct{}) {
	defer close(quit)
	var tick <-chan time.Time
	if every := w.options.Durability.every; every > 0 {
		t := time.NewTicker(every)
		defer t.Stop()
		tick = t.C
	}
	for {
		select {
		case r, ok := <-w.requests:
			if !ok {
				return
			}
			w.serve(r)
		case <-tick:
			if w.unsynced && w.failure() == nil {
				if err := w.sync(); err != nil {
					w.options.Logger.Error("thaw: sync failed", slog.String("store", w.dir), slog.Any("error", err))
				}
			}
		}
	}
}

// serve stages a request and those that wait behind it, writes and syncs them
// together, and answers them.
func (w *writer) serve(r *request) {
	for open := true; open; {
		w.take(r)
		select {
		case r, open = <-w.requests:
			open = open && r != nil
		default:
			open = false
		}
	}
	w.flush(false)
}

// take stages one request, or answers it when it cannot be.
func (w *writer) take(r *request) {
	if !r.begin() {
		return // its caller has gone
	}
	if err := w.failure(); err != nil {
		r.finish(err)
		return
	}
	if r.kind == requestSync {
		w.staged = append(w.staged, r)
		w.flush(true)
		return
	}
	if w.full() || w.active == nil && w.planned == nil {
		w.flush(false)
		if err := w.failure(); err != nil {
			r.finish(err)
			return
		}
		if err := w.room(); err != nil {
			r.finish(err)
			return
		}
	}
	if err := r.stage(w.log, w.options.Now().UnixMicro()); err != nil {
		r.err = err
	}
	w.staged = append(w.staged, r)
	if len(w.log.Frames()) >= maxGroup {
		w.flush(false)
	}
}

// flush writes what is staged, syncs it where the store's durability or a
// request asks for it, and answers the requests.
func (w *writer) flush(sync bool) {
	if len(w.staged) == 0 {
		return
	}
	err := w.write()
	if err == nil && (sync || !w.options.Durability.unsynced) {
		err = w.sync()
	}
	for i, r := range w.staged {
		if err != nil && r.rests() {
			r.err, r.receipts = err, nil
		}
		r.finish(r.err)
		w.staged[i] = nil
	}
	w.staged = w.staged[:0]
}

// write appends the staged frames to the segment and publishes them unless they
// have to be synced first.
func (w *writer) write() error {
	frames := w.log.Frames()
	if len(frames) == 0 {
		return nil
	}
	if w.active == nil {
		if err := w.begin(); err != nil {
			w.log.Rollback()
			return err
		}
	}
	if err := w.active.append(frames, int64(w.log.Offset())); err != nil {
		w.log.Rollback()
		return w.takeBack(err)
	}
	w.unsynced, w.wrote = true, true
	if w.options.Durability.unsynced {
		w.commit()
	}
	return nil
}

// sync makes what was written durable, and then publishes it.
func (w *writer) sync() error {
	if !w.unsynced {
		return nil
	}
	if err := w.active.file.Sync(); err != nil {
		w.log.Rollback()
		// The bytes may be there and may reach the disk yet. Cutting them off makes
		// it unlikely that appends which were reported as failed come back.
		_ = w.active.file.Truncate(int64(w.log.Offset()))
		return w.fail("sync", w.active.path, err)
	}
	w.unsynced = false
	w.commit()
	w.mark.advance(w.log.Offset(), w.options.Logger)
	return nil
}

// commit makes the written frames part of the store.
func (w *writer) commit() {
	if len(w.log.Frames()) == 0 {
		return
	}
	w.log.Commit()
	w.files.grew(w.active.name, int64(w.log.Offset()))
	w.publish(w.log.Committed(0), w.log.Next())
}

// takeBack cuts a failed write off again. Where that fails too, nobody knows what
// the file holds, and the store takes no more writes.
func (w *writer) takeBack(cause error) error {
	err := w.active.file.Truncate(int64(w.log.Offset()))
	if err == nil {
		err = w.active.file.Sync()
	}
	if err != nil {
		return w.fail("take back", w.active.path, errors.Join(cause, err))
	}
	w.unsynced = false
	return &WriteError{"write", w.active.path, cause}
}

// fail makes the store refuse all further writes.
func (w *writer) fail(op, path string, err error) error {
	failed := &FailedError{op, path, err}
	w.mu.Lock()
	w.failed = failed
	w.mu.Unlock()
	w.options.Logger.Error("thaw: the store takes no more writes", slog.String("store", w.dir), slog.Any("error", failed))
	return failed
}

func (w *writer) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed
}

// full reports whether the segment will be full with what is staged.
func (w *writer) full() bool {
	staged := uint64(len(w.log.Frames()))
	return (w.active != nil || staged > 0) && w.log.Offset()+staged >= uint64(w.options.SegmentSize)
}

// room makes sure that there is a segment that is not full, or the plan of one:
// the file is made when there is something to write, so that an append which is
// refused leaves no trace. Nothing may be staged.
func (w *writer) room() error {
	if w.full() {
		if err := w.seal(); err != nil {
			return err
		}
	}
	if w.active == nil {
		var err error
		if w.planned, err = planSegment(w.dir, w.next, w.options.Now()); err != nil {
			return err
		}
		w.log.Start(w.next, uint64(len(w.planned.header)))
	}
	return nil
}

// seal writes the footer of the active segment and closes it.
func (w *writer) seal() error {
	end := int64(w.log.Offset())
	footer := w.log.Footer(nil)
	if err := w.active.append(footer, end); err != nil {
		return w.takeBack(err)
	}
	if err := w.active.file.Sync(); err != nil {
		return w.fail("sync", w.active.path, err)
	}
	w.unsynced = false
	size := end + int64(len(footer))
	w.files.grew(w.active.name, size)
	w.mark.advance(uint64(size), w.options.Logger)
	a := w.active
	w.active, w.end = nil, artifact.Watermark{Segment: a.id, Offset: uint64(size)}
	if err := a.file.Close(); err != nil { // it is synced, so nothing is lost
		w.options.Logger.Warn("thaw: closing a segment failed", slog.String("file", a.path), slog.Any("error", err))
	}
	return nil
}

// begin makes the planned segment the active one. Its mark is on disk before it is
// made, so that whatever a stop leaves of it is known to be unproven; and its name
// is on disk before its first frame.
func (w *writer) begin() error {
	if w.unsure {
		path := filepath.Join(w.dir, segment.Name(w.end.Segment))
		if err := syncFile(w.fs, path); err != nil {
			return w.fail("sync", path, err)
		}
		w.unsure = false
	}
	if err := w.mark.begin(synced.Mark{Segment: w.next, First: w.log.First()}); err != nil {
		if errors.Is(err, errSync) {
			return w.fail("sync", w.mark.path, err)
		}
		return &WriteError{"write", w.mark.path, err}
	}
	a := w.planned
	if err := a.create(w.fs); err != nil {
		return err
	}
	if err := syncDir(w.fs, w.dir); err != nil {
		return w.fail("sync", w.dir, errors.Join(err, a.file.Close()))
	}
	if err := w.files.add(a.name); err != nil {
		if undo := errors.Join(a.file.Close(), w.fs.Remove(a.path)); undo != nil {
			return w.fail("take back", a.path, errors.Join(err, undo))
		}
		return &WriteError{"begin", a.path, err}
	}
	w.active, w.planned = a, nil
	w.next++
	return nil
}

// finish ends the log behind the last request: the active segment is sealed, or
// goes away when nothing was written to it.
func (w *writer) finish() error {
	if w.active == nil || w.failure() != nil {
		return w.close(w.failure())
	}
	if w.log.Offset() == uint64(len(w.active.header)) {
		path := w.active.path
		// The mark outlives the segment, whose header was never synced: without a
		// mark what a power cut leaves of it would be damage.
		if err := errors.Join(w.close(nil), w.fs.Remove(path), syncDir(w.fs, w.dir)); err != nil {
			return err
		}
		return errors.Join(w.mark.remove(), syncDir(w.fs, w.dir))
	}
	if err := w.seal(); err != nil {
		return w.close(err)
	}
	return errors.Join(w.mark.remove(), syncDir(w.fs, w.dir))
}

// close closes the files and returns err with what went wrong.
func (w *writer) close(err error) error {
	if w.active != nil {
		err = errors.Join(err, w.active.file.Close())
		w.active = nil
	}
	return errors.Join(err, w.mark.close())
}

// syncFile makes the content of a file durable.
func syncFile(fs fsabstraction.FS, path string) error {
	f, err := fs.OpenWrite(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncDir makes the names in dir durable, where the file system can.
func syncDir(fs fsabstraction.FS, dir string) error {
	d, ok := fs.(fsabstraction.DirSyncer)
	if !ok {
		return nil
	}
	if err := d.SyncDir(dir); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
