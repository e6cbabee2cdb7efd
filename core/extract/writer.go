package extract

import (
	"cmp"
	"errors"
	"math"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/sealed"
	"github.com/thawlog/thaw/core/segment"
)

const (
	// DefaultSegmentSize is the length of a segment with the zero Options, in bytes.
	DefaultSegmentSize = 16 << 20
	// ChunkSize is the length of the longest piece of a file that is handed out at once.
	ChunkSize = sealed.ChunkSize

	maxSegments = math.MaxUint32
	nsPerMS     = 1_000_000
)

// ErrOrder is returned by [Writer.Add] for a sequence that is not above the last one.
var ErrOrder = sealed.ErrOrder

// ErrFull is returned by [Writer.Add] when there would be 2^32-1 segments.
var ErrFull = errors.New("extract: no more than 4294967294 segments")

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
	segments *sealed.Writer
	limit    uint64
	id       uint32 // of the segment, from 1; 0 before the first event
}

// NewWriter returns a writer that hands bytes to put.
func NewWriter(o Options, put Put) *Writer {
	return &Writer{
		segments: sealed.NewWriter(func(id uint64, b []byte) error { return put(uint32(id), b) }),
		limit:    cmp.Or(o.SegmentSize, DefaultSegmentSize),
	}
}

// Segments returns how many segments were begun. They are the files 1 to Segments, whose
// names are those of [segment.Name].
func (w *Writer) Segments() int { return int(w.id) }

// Add adds an event with its frame, which must be that event's.
func (w *Writer) Add(e *event.Event, frame []byte) error {
	if w.segments.Events() > 0 && w.segments.SizeWith(e, len(frame)) > w.limit {
		if _, err := w.segments.Seal(); err != nil {
			return err
		}
	}
	if w.segments.Events() == 0 {
		if err := w.begin(e); err != nil {
			return err
		}
	}
	_, err := w.segments.Add(e, frame)
	return err
}

// begin begins the next segment. Its time of creation is the wall clock of its first event:
// the core has no clock, and one selection always gives the same bytes.
func (w *Writer) begin(e *event.Event) error {
	if w.id >= maxSegments-1 {
		return ErrFull
	}
	w.id++
	return w.segments.Begin(segment.Header{
		Flags: segment.FlagExtract, CreatedNS: int64(min(e.WallMS, math.MaxInt64/nsPerMS) * nsPerMS), SegmentID: uint64(w.id),
	})
}

// Finish ends the last segment. Without events there is none.
func (w *Writer) Finish() error {
	if w.segments.Events() == 0 {
		return nil
	}
	_, err := w.segments.Seal()
	return err
}
