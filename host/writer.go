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

// maxGroup bounds the bytes of frames written before a sync, and so the memory of a group
// and the wait of its first append.
const maxGroup = 4 << 20

// writer is the only goroutine that changes a store. Only it uses its fields; readers see
// the versions that it installs.
type writer struct {
	fs      fsabstraction.FS
	dir     string
	options *Options
	log     *commit.Log
	active  *activeSegment // nil before the first write, and after a full segment
	planned *activeSegment // becomes active at the next write; nil until it is needed
	next    uint64         // id of the segment to begin next
	// end is the end of the log without the active segment.
	end       artifact.Watermark
	mark      *markFile
	requests  chan *request
	versions  *versions
	flusher   *flusher
	forgotten int // number of appended events that log has forgotten

	// unsure reports whether the segment at end may not be on disk: a process that died
	// may have sealed it without a sync.
	unsure bool

	staged   []*request
	unsynced bool  // frames were written since the last sync
	failed   error // a *FailedError
}

// run serves requests until the channel is closed, then closes quit.
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
				_ = w.sync() // fail logs it, and later appends return it
			}
		}
	}
}

// serve stages a request and those waiting in the queue, writes and syncs them together,
// and answers them.
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

// take stages one request, or answers it with an error.
func (w *writer) take(r *request) {
	if !r.begin() {
		return // abandoned
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
		if err := w.ensureSegment(); err != nil {
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

// endGroup writes the staged group, syncs it if the store's durability or a request asks
// for it, and answers the requests.
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

// write appends the staged frames to the segment, and commits them unless they must be
// synced first.
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
		return w.undoWrite(err)
	}
	w.unsynced = true
	if w.options.Durability.unsynced {
		w.commit()
	}
	return nil
}

// sync makes the written frames durable, and then commits them.
func (w *writer) sync() error {
	if !w.unsynced {
		return nil
	}
	if err := w.active.file.Sync(); err != nil {
		w.log.Rollback()
		// The bytes may still reach the disk. Truncating the file makes it unlikely that
		// appends reported as failed reappear.
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

// show makes the committed events, which end at end, visible to readers.
func (w *writer) show(end artifact.Watermark) {
	log := logEnd{memtable: w.log.Committed(0), forgotten: w.forgotten, next: w.log.Next(), at: end}
	// Close ends the versions after the writer, so install cannot fail.
	_ = w.versions.install(func(c contents) contents {
		c.log = log
		return c
	})
}

// forget drops the events that the store now reads from index files. The staged group must
// be empty.
func (w *writer) forget() {
	n := w.versions.flushed()
	if n <= w.forgotten {
		return
	}
	if err := w.log.Forget(n - w.forgotten); err != nil { // keep them
		w.options.Logger.Warn("thaw: events were not forgotten", slog.String("store", w.dir), slog.Any("error", err))
		return
	}
	w.forgotten = n
}

// atClose returns the occasion on which a close writes an index.
func (w *writer) atClose() occasion {
	if w.unsure {
		return flushUnproven
	}
	return flushClosing
}

// undoWrite removes the bytes of a failed write. If that fails too, the content of the file
// is unknown and the store becomes read-only.
func (w *writer) undoWrite(cause error) error {
	err := w.active.file.Truncate(int64(w.log.Offset()))
	if err == nil {
		err = w.active.file.Sync()
	}
	if err != nil {
		return w.fail("undo", w.active.path, errors.Join(cause, err))
	}
	w.unsynced = false
	return &WriteError{Op: "write", Path: w.active.path, Err: cause}
}

// fail makes the store read-only.
func (w *writer) fail(op, path string, err error) error {
	w.failed = &FailedError{Op: op, Path: path, Err: err}
	w.options.Logger.Error("thaw: the store is read-only after a failed write or sync; reopen it", slog.String("store", w.dir), slog.Any("error", w.failed))
	return w.failed
}

// request is one call that waits for the writer. The caller may abandon it while the
// writer uses it, so requests are not reused.
type request struct {
	kind    requestKind
	entries []commit.Entry
	one     [1]commit.Entry // backs entries for a single append

	receipts []commit.Receipt
	first    [1]commit.Receipt // backs receipts for a single append
	err      error
	done     chan struct{}
	state    atomic.Int32
}

type requestKind uint8

const (
	requestAppend requestKind = iota // one event
	requestBatch                     // all or none
	requestEach                      // one by one, up to the first error
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

// begin marks the request as taken by the writer. It returns false if the caller has
// abandoned it.
func (r *request) begin() bool { return r.state.CompareAndSwap(stateWaiting, stateTaken) }

// abandon withdraws the request. It returns false if the writer has already taken it.
func (r *request) abandon() bool { return r.state.CompareAndSwap(stateWaiting, stateAbandoned) }

// stage adds the request's events to the log.
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
