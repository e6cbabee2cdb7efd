package host

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/thawlog/thaw/core/sealed"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction"
)

// segmentFiles writes the new segments of a compaction, one after the other, in a goroutine of
// its own, so that the next bytes are made meanwhile. Its methods are for one goroutine.
type segmentFiles struct {
	swap *swapping
	// pauses are before each step for which a sync may have to wait.
	pauses *pauses
	id     uint64
	file   fsabstraction.WriteFile // nil before the first one
	size   int64

	pieces chan segmentPiece
	free   chan []byte // buffers for pieces
	ended  chan struct{}
	failed atomic.Pointer[error] // the first one, after which nothing more is written
}

// segmentPiece is bytes of a file, or its end.
type segmentPiece struct {
	file fsabstraction.WriteFile
	b    []byte
	off  int64
	last bool // the file is whole: sync and close it
}

const (
	// segmentSync is the number of bytes of a new segment after which the next part of it
	// goes to the disk. A sync of the log waits for that part. There are many more of them
	// than of an index, so it is less than backgroundSync.
	segmentSync = sealed.ChunkSize
	// waitingPieces bounds the pieces that were made and not written, of sealed.ChunkSize at
	// most.
	waitingPieces = 16
)

func newSegmentFiles(swap *swapping, pauses *pauses) *segmentFiles {
	w := &segmentFiles{
		swap: swap, pauses: pauses, pieces: make(chan segmentPiece, waitingPieces), free: make(chan []byte, waitingPieces), ended: make(chan struct{}),
	}
	for range waitingPieces {
		w.free <- nil
	}
	go w.run()
	return w
}

// put takes the next bytes of a segment. Its error may be that of bytes before.
func (w *segmentFiles) put(id uint64, b []byte) error {
	if failed := w.failed.Load(); failed != nil {
		return *failed
	}
	if w.file == nil || id != w.id {
		w.end()
		f, err := w.swap.Create(segment.Name(id))
		if err != nil {
			return err
		}
		w.id, w.file, w.size = id, f, 0
	}
	for len(b) > 0 {
		n := min(len(b), sealed.ChunkSize)
		w.pieces <- segmentPiece{file: w.file, b: append((<-w.free)[:0], b[:n]...), off: w.size}
		w.size, b = w.size+int64(n), b[n:]
	}
	return nil
}

// end ends the current segment.
func (w *segmentFiles) end() {
	if w.file != nil {
		w.pieces <- segmentPiece{file: w.file, last: true}
		w.file = nil
	}
}

// close waits until all segments are on disk and closed. After an error of the caller, they are
// only closed. It returns the first error.
func (w *segmentFiles) close(err error) error {
	if err != nil {
		w.fail(err)
	}
	w.end()
	close(w.pieces)
	<-w.ended
	if failed := w.failed.Load(); failed != nil {
		return *failed
	}
	return nil
}

// fail notes an error, unless there is one.
func (w *segmentFiles) fail(err error) { w.failed.CompareAndSwap(nil, &err) }

// run does what comes from put.
func (w *segmentFiles) run() {
	defer close(w.ended)
	self := aside{pauses: w.pauses}
	dirty, written := int64(0), int64(0)
	starts := make(chan func()) // takes the next one when the last one has returned
	var starting sync.WaitGroup
	starting.Go(func() { w.runStarts(starts) })
	defer starting.Wait()
	defer close(starts)
	for p := range w.pieces {
		switch {
		case p.last:
			starts <- func() {}
			dirty = 0
			var err error
			if w.failed.Load() == nil {
				err = p.file.Sync()
			}
			if err = errors.Join(err, p.file.Close()); err != nil {
				w.fail(err)
			}
		case w.failed.Load() == nil:
			self.pause()
			if _, err := p.file.WriteAt(p.b, p.off); err != nil {
				w.fail(err)
				break
			}
			end := p.off + int64(len(p.b))
			written += int64(len(p.b))
			if dirty += int64(len(p.b)); dirty >= segmentSync {
				whole := wholeSync(written-dirty, written)
				dirty = 0
				starts <- func() {
					if err := startSync(p.file, end, whole); err != nil {
						w.fail(err)
					}
				}
			}
		}
		if p.b != nil {
			w.free <- p.b
		}
	}
}

// runStarts starts syncs, and waits with each until the disk takes it. One goroutine starts them
// all: a new one for each would wake a thread of normal priority, and an append might wait for it.
func (w *segmentFiles) runStarts(starts <-chan func()) {
	self := aside{pauses: w.pauses}
	for start := range starts {
		self.pause()
		start()
	}
}
