package host

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/fsabstraction"
)

// maxGroup is how many bytes of frames are written at once before a sync. It
// bounds the memory of a group and how long the first of its appends waits.
const maxGroup = 4 << 20

// writer is the one goroutine that changes a store. Its fields are its own; what
// readers see of them is in the versions that it installs.
type writer struct {
	fs      fsabstraction.FS
	dir     string
	options *Options
	log     *commit.Log
	active  *activeSegment // nil until something is written, and behind a full segment
	planned *activeSegment // what to write to when active is nil; nil before it is needed
	next    uint64         // id of the segment to begin next
	// end is where the log ends, without the active segment.
	end       artifact.Watermark
	mark      *markFile
	requests  chan *request
	versions  *versions
	flusher   *flusher
	forgotten int // how many of the events that were appended log has forgotten

	// unsure says that nothing shows that the segment at end is on disk: a process
	// that died may have sealed it and not synced it.
	unsure bool

	staged   []*request
	unsynced bool  // frames were written since the last sync
	failed   error // a *FailedError
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
			if w.unsynced && w.failed == nil {
				if err := w.sync(); err != nil {
					w.options.Logger.Error("thaw: sync failed", slog.String("store", w.dir), slog.Any("error", err))
				}
			}
		}
	}
}

// serve stages a request and those that wait in the queue, writes and syncs them
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
	w.endGroup(false)
}

// take stages one request, or answers it when it cannot be.
func (w *writer) take(r *request) {
	if !r.begin() {
		return // its caller has gone
	}
	if err := w.failed; err != nil {
		r.finish(err)
		return
	}
	if r.kind == requestSync {
		w.staged = append(w.staged, r)
		w.endGroup(true)
		return
	}
	if w.full() || w.active == nil && w.planned == nil {
		w.endGroup(false)
		if err := w.failed; err != nil {
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
		w.endGroup(false)
	}
}

// endGroup writes what is staged, syncs it where the store's durability or a
// request asks for it, and answers the requests.
func (w *writer) endGroup(sync bool) {
	if len(w.staged) == 0 {
		return
	}
	err := w.write()
	if err == nil && (sync || !w.options.Durability.unsynced) {
		err = w.sync()
	}
	for i, r := range w.staged {
		if err != nil && r.dependsOnGroup() {
			r.err, r.receipts = err, nil
		}
		r.finish(r.err)
		w.staged[i] = nil
	}
	w.staged = w.staged[:0]
}

// write appends the staged frames to the segment and commits them unless they
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
	w.forget()
	w.show(artifact.Watermark{Segment: w.active.id, Offset: w.log.Offset()})
}

// show makes readers see what was committed, which ends at end.
func (w *writer) show(end artifact.Watermark) {
	log := logEnd{run: w.log.Committed(0), forgotten: w.forgotten, next: w.log.Next(), at: end}
	// Close ends the versions after the writer, so there is one to replace.
	_ = w.versions.install(func(c contents) contents {
		c.log = log
		return c
	})
}

// forget drops the events that the store reads from the files of an index by now.
// Nothing is staged.
func (w *writer) forget() {
	n := w.versions.flushed()
	if n <= w.forgotten {
		return
	}
	if err := w.log.Forget(n - w.forgotten); err != nil { // then it stays
		w.options.Logger.Warn("thaw: events were not forgotten", slog.String("store", w.dir), slog.Any("error", err))
		return
	}
	w.forgotten = n
}

// atClose is on which occasion a close writes an index.
func (w *writer) atClose() occasion {
	if w.unsure {
		return flushUnproven
	}
	return flushClosing
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
	w.failed = &FailedError{Op: op, Path: path, Err: err}
	w.options.Logger.Error("thaw: the store takes no more writes", slog.String("store", w.dir), slog.Any("error", w.failed))
	return w.failed
}

// request is one call that waits for the writer. The caller may go away while it
// waits, so nothing in it is used again.
type request struct {
	kind    requestKind
	entries []commit.Entry
	one     [1]commit.Entry // what entries holds for a single append

	receipts []commit.Receipt
	first    [1]commit.Receipt // what receipts grows from
	err      error
	done     chan struct{}
	state    atomic.Int32
}

type requestKind uint8

const (
	requestAppend requestKind = iota // one event
	requestBatch                     // all or nothing
	requestEach                      // one after the other, up to the first error
	requestSync
)

// The states of a request.
const (
	stateWaiting int32 = iota
	stateTaken
	stateAbandoned
)

func newRequest(kind requestKind) *request {
	return &request{kind: kind, done: make(chan struct{})}
}

// begin says that the writer has the request. It is false when the caller has
// gone before.
func (r *request) begin() bool { return r.state.CompareAndSwap(stateWaiting, stateTaken) }

// abandon says that the caller goes away. It is false when the writer has the
// request already.
func (r *request) abandon() bool { return r.state.CompareAndSwap(stateWaiting, stateAbandoned) }

// stage gives the request's events to the log.
func (r *request) stage(log *commit.Log, nowUS int64) error {
	switch r.kind {
	case requestAppend:
		receipt, err := log.Append(&r.entries[0], nowUS)
		r.receipts = append(r.first[:0], receipt)
		return err
	case requestBatch:
		var err error
		r.receipts, err = log.AppendBatch(make([]commit.Receipt, 0, len(r.entries)), r.entries, nowUS)
		return err
	case requestEach:
		for i := range r.entries {
			receipt, err := log.Append(&r.entries[i], nowUS)
			if err != nil {
				return &EachError{Done: i, Err: err}
			}
			r.receipts = append(r.receipts, receipt)
		}
	}
	return nil
}

// dependsOnGroup reports whether the outcome holds only if this group reaches the disk:
// the request's events are in it, or were refused because of events in it.
func (r *request) dependsOnGroup() bool {
	return r.err == nil || r.kind == requestEach ||
		errors.Is(r.err, ErrConflict) || errors.Is(r.err, ErrKey)
}

// finish answers the caller.
func (r *request) finish(err error) {
	r.err = err
	close(r.done)
}
