package extract

import (
	"cmp"
	"errors"
	"math"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
)

const (
	// DefaultSegmentSize is the length of a segment with the zero Options, in bytes.
	DefaultSegmentSize = 16 << 20
	// ChunkSize is the length of the longest piece of a file that is handed out at once.
	ChunkSize = 64 << 10

	maxSegments = math.MaxUint32
)

// Errors of [Writer.Add].
var (
	// ErrOrder: the sequence is not above the last one.
	ErrOrder = errors.New("extract: sequences must rise")
	// ErrFull: there would be 2^32-1 segments.
	ErrFull = errors.New("extract: no more than 4294967294 segments")
)

// Options are the choices of an extract.
type Options struct {
	// SegmentSize bounds the length of a segment in bytes, footer included. 0 is
	// DefaultSegmentSize. A segment has at least one event, however long.
	SegmentSize uint64
}

// Put takes the next bytes of a file, at most ChunkSize and at least one. A file is complete
// when bytes of another one come, or at the end. The bytes must not be kept.
type Put func(file uint32, b []byte) error

// Writer writes the segments of an extract. It is for one goroutine, and of no use after an
// error.
type Writer struct {
	put    Put
	limit  uint64
	id     uint32          // of the segment, from 1; 0 before the first event
	events *artifact.Draft // of the segment, for its footer
	names  int             // bytes of the names, as an upper bound
	at     uint64          // length of the segment
	chunk  []byte          // bytes that were not handed out yet
	next   uint64          // the lowest sequence that may follow
}

// NewWriter returns a writer that hands bytes to put.
func NewWriter(o Options, put Put) *Writer {
	return &Writer{put: put, limit: cmp.Or(o.SegmentSize, DefaultSegmentSize), events: artifact.NewDraft()}
}

// Segments returns how many segments were begun. They are the files 1 to Segments, whose
// names are those of [segment.Name].
func (w *Writer) Segments() int { return int(w.id) }

// Add adds an event with its frame, which must be that event's.
func (w *Writer) Add(e *event.Event, frame []byte) error {
	if e.Sequence < w.next {
		return ErrOrder
	}
	if w.events.Len() > 0 && w.full(e, len(frame)) {
		if err := w.seal(); err != nil {
			return err
		}
	}
	if w.events.Len() == 0 {
		if err := w.begin(e); err != nil {
			return err
		}
	}
	f := e.Facts
	f.Position = event.Position{Segment: uint64(w.id), Offset: w.at, Length: uint32(len(frame))}
	before := w.events.Names()
	if err := w.events.Append(&f, []byte(e.Entity), []byte(e.Scope)); err != nil {
		return err
	}
	for n := before; n < w.events.Names(); n++ {
		w.names += nameHead + len(w.events.Name(uint32(n)))
	}
	w.next = e.Sequence + 1
	return w.write(frame)
}

const (
	// nameHead is an upper bound on what the footer needs for a name besides its bytes.
	nameHead = 3
	// footerRest is an upper bound on what a footer needs besides names and entries: the
	// head of the string table and the trailer.
	footerRest = 5 + 16
	nsPerMS    = 1_000_000
)

// full reports whether the segment has no space for another event and its entry in the
// footer.
func (w *Writer) full(e *event.Event, frame int) bool {
	footer := w.names + 2*nameHead + len(e.Entity) + len(e.Scope) + (w.events.Len()+1)*sidx.EntrySize + footerRest
	return w.at+uint64(frame)+uint64(footer) > w.limit
}

// begin begins the next segment. Its time of creation is the wall clock of its first event:
// the core has no clock, and one selection always gives the same bytes.
func (w *Writer) begin(e *event.Event) error {
	if w.id >= maxSegments-1 {
		return ErrFull
	}
	w.id++
	header := segment.AppendHeader(nil, segment.Header{
		Flags: segment.FlagExtract, CreatedNS: int64(min(e.WallMS, math.MaxInt64/nsPerMS) * nsPerMS), SegmentID: uint64(w.id),
	})
	w.at = 0
	return w.write(header)
}

// seal ends the segment with its footer, and hands out all of it.
func (w *Writer) seal() error {
	footer := commit.AppendFooter(nil, w.events.Run(0, w.events.Savepoint()), w.at)
	if err := w.write(footer); err != nil {
		return err
	}
	w.events, w.names = artifact.NewDraft(), 0
	return w.flush()
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

// Finish ends the last segment. Without events there is none.
func (w *Writer) Finish() error {
	if w.events.Len() == 0 {
		return nil
	}
	return w.seal()
}
