package segment

import (
	"bytes"
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/source"
)

// walkBlock is how much a walk reads at once: large enough that the calls cost
// nothing, small enough that a scan of many segments stays within the memory
// bound.
const walkBlock = 1 << 20

// Step is what a walk found at one place.
type Step struct {
	// Offset and Length bound the bytes of the step in the file.
	Offset, Length uint64
	// Body is the frame's content, nil for damaged bytes. It is valid until the
	// next call of Next.
	Body *Body
	// Damage is why the bytes are damaged, or, next to a Body, what is wrong
	// with a frame that could be read all the same.
	Damage *damage.Refusal
	// One says that the damaged bytes are exactly one frame.
	One bool
	// ID is the event id that damaged bytes still show, when Named is true.
	ID    event.ID
	Named bool
}

// Walker goes over the frames of one segment. It is for one goroutine.
type Walker struct {
	win    *source.Window
	off    uint64
	end    uint64
	budget uint64
	body   Body
	err    error
}

// NewWalker walks src from offset from, which must be where a frame begins or
// the frames end.
func NewWalker(src source.Source, from uint64) *Walker {
	win := source.NewWindow(src, walkBlock)
	// Looking for frames behind damage checks candidates byte by byte; a file
	// made of false starts must not cost the square of its size.
	return &Walker{win: win, off: from, end: win.Size(), budget: 8*win.Size() + walkBlock}
}

// Offset is where the walk stands: behind the last step.
func (w *Walker) Offset() uint64 { return w.off }

// Size is the size of the segment when the walk began.
func (w *Walker) Size() uint64 { return w.end }

// Err is the error of the source that ended the walk, if one did.
func (w *Walker) Err() error { return w.err }

// Next returns the next step. ok is false where no whole frame follows: at the
// end, at a footer, at a torn end, or after an error; Offset tells where.
func (w *Walker) Next() (s Step, ok bool) {
	if w.err != nil || w.off >= w.end {
		return s, false
	}
	length, why, err := w.try(w.off)
	if err != nil {
		w.err = err
		return s, false
	}
	s.Offset, s.Length = w.off, length
	switch {
	case why == nil:
		s.Body = &w.body
	case why.Reason == damage.FrameBody:
		s.One = true
		s.Damage = why
	default:
		if s, ok = w.mend(why); !ok {
			return s, false
		}
	}
	if s.Body == nil {
		s.ID, s.Named = w.peek(s.Offset)
	}
	if s.Damage != nil {
		s.Damage.Offset = int64(s.Offset)
	}
	w.off = s.Offset + s.Length
	return s, true
}

// try decodes the frame at off into w.body. why tells what is wrong with it;
// the length is the one it claims.
func (w *Walker) try(off uint64) (length uint64, why *damage.Refusal, err error) {
	head, err := w.win.Bytes(off, FrameHead)
	if errors.Is(err, source.ErrShort) {
		return 0, damage.Refuse(damage.Torn, 0, nil), w.shrunk()
	}
	if err != nil {
		return 0, nil, err
	}
	length = frameLength(head)
	if length > w.end-off || length > MaxFrame {
		return length, damage.Refuse(damage.Torn, 0, nil), nil
	}
	raw, err := w.win.Bytes(off, length)
	if err != nil {
		return 0, nil, err
	}
	if err := DecodeFrame(raw, &w.body); err != nil {
		var why *damage.Refusal
		errors.As(err, &why)
		return length, why, nil
	}
	return length, nil, nil
}

// shrunk tells a source that ends inside a frame's head from one that lost
// bytes since the walk began.
func (w *Walker) shrunk() error {
	if w.end-w.off >= FrameHead {
		return source.ErrShort
	}
	return nil
}

// mend handles a frame at w.off that cannot be read as its head says.
func (w *Walker) mend(why *damage.Refusal) (s Step, ok bool) {
	s = Step{Offset: w.off, Damage: why}
	if w.end-w.off < FrameHead {
		return s, false
	}
	head, err := w.win.Bytes(w.off, FrameHead)
	if err != nil {
		w.err = err
		return s, false
	}
	length := frameLength(head)
	if length <= w.end-w.off && length <= MaxFrame && length > FrameHead && w.leads(w.off+length) {
		s.Length, s.One = length, true
		return s, true
	}
	if n, ok := w.whole(w.off); ok {
		s.Length, s.Body = n, &w.body
		s.Damage = damage.Refuse(damage.FrameLength, 0, nil)
		return s, true
	}
	next, ok := w.search(w.off + 1)
	if !ok {
		return s, false
	}
	s.Length = next - w.off
	s.Damage = damage.Refuse(damage.Frame, 0, nil)
	return s, true
}

// leads reports whether a frame, a footer or the end is at off.
func (w *Walker) leads(off uint64) bool {
	if off == w.end {
		return true
	}
	if off > w.end {
		return false
	}
	if _, why, err := w.try(off); err == nil && why == nil {
		return true
	}
	t, ok := trailer(w.win, w.end)
	return ok && t.TableOffset == off
}

// whole reads the body at off without its length and reports its frame's
// length when the checksum agrees: then only the length is damaged.
func (w *Walker) whole(off uint64) (length uint64, ok bool) {
	raw, err := w.win.Bytes(off, min(w.end-off, MaxFrame))
	if err != nil || !bytes.HasPrefix(raw[FrameHead:], []byte(bodyPrefix)) {
		return 0, false
	}
	var r msgpack.Reader
	r.Reset(raw[FrameHead:])
	w.body.read(&r)
	w.budget -= min(w.budget, uint64(r.Offset()))
	if r.Err() != nil || !checkBody(raw, raw[FrameHead:FrameHead+r.Offset()]) {
		return 0, false
	}
	return FrameHead + uint64(r.Offset()), true
}

// search finds the first whole frame at or after off.
func (w *Walker) search(off uint64) (at uint64, ok bool) {
	const keep = FrameHead + len(bodyPrefix)
	for off < w.end && w.end-off >= uint64(keep) {
		block, err := w.win.Bytes(off, min(w.end-off, walkBlock))
		if err != nil {
			w.err = err
			return 0, false
		}
		i := bytes.Index(block[FrameHead:], []byte(bodyPrefix))
		if i < 0 {
			off += uint64(max(len(block)-keep+1, 1))
			continue
		}
		off += uint64(i)
		head := block[i : i+FrameHead]
		cost := min(frameLength(head), w.end-off)
		if cost > w.budget {
			return 0, false
		}
		w.budget -= cost
		if _, why, err := w.try(off); err == nil && why == nil {
			return off, true
		}
		if _, ok := w.whole(off); ok {
			return off, true
		}
		off++
	}
	return 0, false
}

func (w *Walker) peek(off uint64) (event.ID, bool) {
	const most = FrameHead + uint64(len(bodyPrefix)) + event.IDSize
	raw, err := w.win.Bytes(off, min(w.end-off, most))
	if err != nil {
		return event.ID{}, false
	}
	return PeekID(raw)
}
