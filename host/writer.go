package host

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/fsabstraction"
)

// maxGroup is how many bytes of frames are written at once before a sync. It
// bounds the memory of a group and how long the first of its appends waits.
const maxGroup = 4 << 20

// writer is the one goroutine that changes a store. Everything it owns is its
// own; what readers see goes through publish.
type writer struct {
	fs      fsabstraction.FS
	dir     string
	options *Options
	log     *commit.Log
	active  *activeSegment // nil until something is written, and behind a full segment
	planned *activeSegment // what to write to when active is nil; nil before it is needed
	next    uint64         // id of the segment to begin next
	// end is where the log ends, without the active segment.
	end      artifact.Watermark
	mark     *markFile
	requests chan *request
	publish  func(run appended, visible uint64)
	// known tells how many of the events that were appended can be forgotten, and
	// forgotten is how many of them were.
	known     func() int
	forgotten int
	// began, grew and rotated tell that a segment was made, is longer, is sealed.
	began   func(name string) error
	grew    func(name string, size int64)
	rotated func(end artifact.Watermark)

	// unsure says that nothing shows that the segment at end is on disk: a process
	// that died may have sealed it and not synced it.
	unsure bool

	staged   []*request
	unsynced bool // frames were written since the last sync

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
	w.unsynced = true
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
	w.grew(w.active.name, int64(w.log.Offset()))
	w.forget()
	w.publish(appended{w.log.Committed(0), w.forgotten}, w.log.Next())
}

// forget drops what the store reads from files by now. Nothing is staged.
func (w *writer) forget() {
	n := w.known()
	if n <= w.forgotten {
		return
	}
	if err := w.log.Forget(n - w.forgotten); err != nil { // then it stays
		w.options.Logger.Warn("thaw: events were not forgotten", slog.String("store", w.dir), slog.Any("error", err))
		return
	}
	w.forgotten = n
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
