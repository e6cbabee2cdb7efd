// Package sealed writes sealed segments: a header, frames, and a footer with the sequences of
// the events. It does no I/O: a [Writer] takes frames and hands out the bytes of files, one
// segment after the other. Packages extract and compact write with it.
package sealed

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
)

// ChunkSize is the length of the longest piece of a file that is handed out at once.
const ChunkSize = 256 << 10

// ErrOrder is returned for an event whose sequence is not above the last one's.
var ErrOrder = errors.New("sealed: sequences must rise")

// Put takes the next bytes of a segment, at most ChunkSize and at least one. A segment is
// complete when bytes of another one come, or at the end. The bytes must not be kept.
type Put func(id uint64, b []byte) error

// Writer writes segments. It is for one goroutine, and of no use after an error.
type Writer struct {
	put    Put
	id     uint64
	events *artifact.Draft // of the segment, for its footer
	names  int             // bytes of the names, as an upper bound
	at     uint64          // length of the segment
	chunk  []byte          // bytes that were not handed out yet
	next   uint64          // the lowest sequence that may follow
}

// NewWriter returns a writer that hands bytes to put.
func NewWriter(put Put) *Writer { return &Writer{put: put, events: artifact.NewDraft()} }

// Begin begins a segment with its header. The segment before it must be sealed.
func (w *Writer) Begin(h segment.Header) error {
	w.id, w.at = h.SegmentID, 0
	return w.write(segment.AppendHeader(nil, h))
}

// Events returns the number of events in the segment.
func (w *Writer) Events() int { return w.events.Len() }

// Size returns the length of the segment so far, without a footer.
func (w *Writer) Size() uint64 { return w.at }

// Add adds an event with its frame, which must be that event's, and returns the frame's
// position.
func (w *Writer) Add(e *event.Event, frame []byte) (event.Position, error) {
	if e.Sequence < w.next {
		return event.Position{}, ErrOrder
	}
	f := e.Facts
	f.Position = event.Position{Segment: w.id, Offset: w.at, Length: uint32(len(frame))}
	before := w.events.Names()
	if err := w.events.Append(&f, []byte(e.Entity), []byte(e.Scope)); err != nil {
		return f.Position, err
	}
	for n := before; n < w.events.Names(); n++ {
		w.names += nameHead + len(w.events.Name(uint32(n)))
	}
	w.next = e.Sequence + 1
	return f.Position, w.write(frame)
}

// Marker adds the frame of a batch marker.
func (w *Writer) Marker(frame []byte) error { return w.write(frame) }

const (
	// nameHead is an upper bound on what the footer needs for a name besides its bytes.
	nameHead = 3
	// footerRest is an upper bound on what a footer needs besides names and entries: the
	// head of the string table and the trailer.
	footerRest = 5 + sidx.TrailerSize
)

// SizeWith returns an upper bound on the length that the sealed segment would have with one
// more event, whose frame has a length.
func (w *Writer) SizeWith(e *event.Event, frame int) uint64 {
	names := w.names + NamesSize(e.Entity, e.Scope)
	return w.at + uint64(frame) + FooterSize(w.events.Len()+1, names)
}

// NamesSize returns an upper bound on what a footer needs for two names.
func NamesSize(entity, scope string) int { return 2*nameHead + len(entity) + len(scope) }

// FooterSize returns an upper bound on the length of a footer with a number of events, whose
// names need so many bytes.
func FooterSize(events, names int) uint64 {
	return uint64(names) + uint64(events)*sidx.EntrySize + footerRest
}

// Seal ends the segment with its footer, and hands out all of it. It returns the segment's
// length.
func (w *Writer) Seal() (size uint64, err error) {
	if err := commit.WriteFooter(w.events.Run(0, w.events.Savepoint()), w.at, w.write); err != nil {
		return 0, err
	}
	w.events, w.names = artifact.NewDraft(), 0
	return w.at, w.flush()
}

// write adds bytes to the segment.
func (w *Writer) write(b []byte) error {
	w.at += uint64(len(b))
	for len(b) > 0 {
		n := min(len(b), ChunkSize-len(w.chunk))
		w.chunk, b = append(w.chunk, b[:n]...), b[n:]
		if len(w.chunk) == ChunkSize {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *Writer) flush() error {
	if len(w.chunk) == 0 {
		return nil
	}
	b := w.chunk
	w.chunk = w.chunk[:0]
	return w.put(w.id, b)
}
