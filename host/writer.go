package host

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/fsabstraction"
)

// maxGroup bounds the bytes of frames written before a sync, and so the memory of a group
// and the wait of its first append.
const maxGroup = 4 << 20

// writer changes a store. Its goroutine serves the queue; an append that needs neither a
// sync nor another segment is served by its own goroutine while the writer is idle: see
// direct. Readers see the versions that it installs.
type writer struct {
	// serving is held by the goroutine that serves requests, and guards the other fields.
	serving sync.Mutex
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
	// removals is the flusher's when log last forgot what was removed.
	removals uint64

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
			w.tick()
		}
	}
}

// tick makes the frames durable that were written since the last sync.
func (w *writer) tick() {
	w.serving.Lock()
	defer w.serving.Unlock()
	if w.unsynced && w.failed == nil {
		_ = w.sync() // fail logs it, and later appends return it
	}
}

// direct serves a request in the goroutine of its caller, which saves two switches to the
// writer's. It returns false, and leaves the request as it is, if the writer is busy or the
// request would have to wait for more than a write: the caller could not leave when its
// context ends.
func (w *writer) direct(r *request) bool {
	if !w.options.Durability.unsynced || r.kind == requestSync || len(w.requests) > 0 || !w.serving.TryLock() {
		return false
	}
	defer w.serving.Unlock()
	if w.failed != nil || w.active == nil || w.full() {
		return false
	}
	w.take(r)
	w.endGroup(false)
	return true
}

// serve stages a request and those waiting in the queue, writes and syncs them together,
// and answers them.
func (w *writer) serve(r *request) {
	w.serving.Lock()
	defer w.serving.Unlock()
	w.flusher.appends.serving(true)
	defer w.flusher.appends.serving(false)
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
	if err := w.forgetRemoved(); err != nil {
		r.finish(err)
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
		w.staged[i] = nil
		r.finish(r.err)
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
	w.versions.show(logEnd{memtable: w.log.Committed(0), forgotten: w.forgotten, next: w.log.Next(), at: end})
}

// forget drops the events that the store now reads from index files, a step at each commit.
// It reports whether it has more to do. The staged group must be empty.
func (w *writer) forget() (more bool) {
	n := w.versions.flushed()
	if n <= w.forgotten {
		return false
	}
	dropped, err := w.log.Forget(n - w.forgotten)
	if err != nil { // keep them
		w.options.Logger.Warn("thaw: events were not forgotten", slog.String("store", w.dir), slog.Any("error", err))
		return false
	}
	w.forgotten += dropped
	return w.forgotten < n
}

// forgetRemoved makes the log forget the events that a compaction has dropped or given another
// kind: heads of entities, ids and conditions go on from what is left in the store, as after
// another open.
func (w *writer) forgetRemoved() error {
	removals := w.flusher.removals.Load()
	if removals == w.removals {
		return nil
	}
	if w.endGroup(false); w.failed != nil {
		return w.failed
	}
	n := max(w.versions.flushed(), w.forgotten)
	if err := w.log.Removed(n - w.forgotten); err != nil {
		return err
	}
	w.forgotten, w.removals = n, removals
	return nil
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
// writer uses it; only one that was answered may be reused.
type request struct {
	kind    requestKind
	entries []commit.Entry
	one     [1]commit.Entry // backs entries for a single append
	value   [1]any          // the value of one, for a policy
	// admitted says that the store's policy, if it has one, lets the entries in.
	admitted bool
	// recorded says that the record of its judgement follows each entry of requestEach.
	recorded bool

	receipts []commit.Receipt
	first    [1]commit.Receipt // backs receipts for a single append
	err      error
	done     chan struct{} // receives the answer of a queued request
	state    atomic.Int32
	answered bool // set by the caller

	buffer []byte // backs the payload of a single append
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

// answeredRequests holds requests of single appends for reuse.
var answeredRequests = sync.Pool{New: func() any { return new(request) }}

// keepBuffer bounds the payload buffer of a request that is reused.
const keepBuffer = 16 << 10

// reuse puts an answered request aside. It keeps none of the caller's values alive.
func (r *request) reuse() {
	if !r.answered {
		return
	}
	done, buffer := r.done, r.buffer
	if cap(buffer) > keepBuffer {
		buffer = nil
	}
	*r = request{done: done, buffer: buffer[:0]}
	answeredRequests.Put(r)
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
		return r.stageEach(log, nowUS)
	}
	return nil
}

func (r *request) stageEach(log *commit.Log, nowUS int64) error {
	for i := range r.entries {
		var receipt commit.Receipt
		var err error
		switch {
		case !r.recorded:
			receipt, err = log.Append(&r.entries[i], nowUS)
		case i%2 == 0:
			var both [2]commit.Receipt
			_, err = log.AppendBatch(both[:0], r.entries[i:i+2], nowUS)
			receipt, err = both[0], unitem(err)
		default: // a record
			continue
		}
		if err != nil {
			return &EachError{Done: len(r.receipts), Err: err}
		}
		r.receipts = append(r.receipts, receipt)
	}
	return nil
}

// dependsOnGroup reports whether the outcome holds only if this group reaches the disk:
// the request's events are in it, or were refused because of events in it.
func (r *request) dependsOnGroup() bool {
	return r.err == nil || r.kind == requestEach ||
		errors.Is(r.err, ErrConflict) || errors.Is(r.err, ErrKey)
}

// finish answers the caller, and must be the last use of the request.
func (r *request) finish(err error) {
	r.err = err
	if r.done != nil {
		r.done <- struct{}{}
	}
}
