package segment

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/source"
)

// Blocks of a walk, in bytes.
const (
	// walkBlock is how much a walk reads at once: large enough that the calls
	// cost nothing, small enough that a scan of many segments stays within the
	// memory bound.
	walkBlock = 1 << 20
	// nearBlock is the first read of a search, and of a body of unknown length.
	// It is well below walkBlock, so that reading the next few frames rarely
	// costs another read.
	nearBlock = 1 << 16
)

// ErrEffort ends a walk over a file full of false starts: the search for frames
// has cost many times the file's size, and the rest was not read.
var ErrEffort = errors.New("segment: too much of the file looks like the start of a frame and is not one")

// Step is the result of a walk at one place.
type Step struct {
	// Offset and Length bound the step's bytes in the file.
	Offset, Length uint64
	// Body is the frame's content, nil for damaged bytes. It is valid until the
	// next call of Next.
	Body *Body
	// Damage says why the bytes are damaged. With a Body, it says what is wrong
	// with a frame that could still be read.
	Damage *damage.Refusal
	// One reports whether the damaged bytes are exactly one frame.
	One bool
	// ID is the event id in damaged bytes, valid when Named is true.
	ID    event.ID
	Named bool
	// Note is the result of the [Note] of a walk that reads ahead, 0 when it
	// was not called for this frame.
	Note uint32
}

// Walker walks over the frames of one segment. It is for one goroutine.
type Walker struct {
	src    source.Source
	win    *source.Window
	off    uint64
	end    uint64
	budget uint64
	body   Body
	err    error

	trailer       sidx.Trailer
	asked, footed bool        // whether the trailer was read, and is there
	ahead         *aheadBlock // frames that were read ahead, nil when there are none
}

// NewWalker returns a Walker of src that starts at offset from, which must be
// the start of a frame or the end of the frames.
func NewWalker(src source.Source, from uint64) *Walker {
	w := &Walker{win: source.NewWindow(nil, walkBlock)}
	w.Reset(src, from)
	return w
}

// Reset makes w a new Walker that reuses its buffers. A body that it returned
// is no longer valid.
func (w *Walker) Reset(src source.Source, from uint64) {
	w.win.Reuse(src)
	// Each failed attempt to read a frame costs budget, by the bytes it read. A
	// file made of false starts then does not cost the square of its size.
	size := w.win.Size()
	*w = Walker{src: src, win: w.win, body: w.body, off: from, end: size, budget: 8*size + walkBlock}
}

// Offset returns the walk's position: the end of the last step.
func (w *Walker) Offset() uint64 { return w.off }

// Size returns the size of the segment when the walk started.
func (w *Walker) Size() uint64 { return w.end }

// Err returns the error that ended the walk, or nil: a [source.ReadError],
// [source.ErrShort] when the segment shrank, or [ErrEffort].
func (w *Walker) Err() error { return w.err }

// Next returns the next step. ok is false when no whole frame follows: at the
// end, at a footer, at a torn end, or after an error. Offset returns where.
func (w *Walker) Next() (s Step, ok bool) {
	if w.err != nil || w.off >= w.end {
		return Step{}, false
	}
	if s, ok, w.err = w.step(); !ok || w.err != nil {
		return Step{}, false
	}
	if s.Body == nil {
		if s.ID, s.Named, w.err = w.peek(s.Offset); w.err != nil {
			return Step{}, false
		}
	}
	if s.Damage != nil {
		s.Damage.Offset = int64(s.Offset)
	}
	w.off = s.Offset + s.Length
	return s, true
}

func (w *Walker) step() (s Step, ok bool, err error) {
	if w.ahead != nil {
		if f := w.ahead.at(w.off); f != nil {
			return Step{Offset: f.offset, Length: uint64(f.length), Body: &f.body, Note: f.note}, true, nil
		}
	}
	length, why, err := w.try(w.off)
	s = Step{Offset: w.off, Length: length, Damage: why}
	switch {
	case err != nil:
		return s, false, err
	case why == nil:
		s.Body = &w.body
	case why.Reason == damage.FrameBody:
		s.One = true
	default:
		return w.resync(length, why)
	}
	return s, true, nil
}

// try decodes the frame at off into w.body. why says what is wrong with it;
// length is the one it claims.
func (w *Walker) try(off uint64) (length uint64, why *damage.Refusal, err error) {
	if w.end-off < FrameHead {
		return 0, damage.Refuse(damage.Torn, 0, nil), nil
	}
	head, err := w.win.Bytes(off, FrameHead)
	if err != nil {
		return 0, nil, err
	}
	length = FrameLength(head)
	if length > w.end-off || length > MaxFrame {
		return length, damage.Refuse(damage.Torn, 0, nil), nil
	}
	if length == FrameHead {
		// The checksum of no bytes is 0, so zeros would be frames.
		return length, damage.Refuse(damage.Frame, 0, nil), nil
	}
	raw, err := w.win.Bytes(off, length)
	if err != nil {
		return 0, nil, err
	}
	if err := DecodeFrame(raw, &w.body); err != nil {
		errors.As(err, &why)
		return length, why, w.spend(length)
	}
	return length, nil, nil
}

// spend charges n bytes that were read in vain.
func (w *Walker) spend(n uint64) error {
	if n > w.budget {
		return ErrEffort
	}
	w.budget -= n
	return nil
}

// resync handles a frame at w.off that cannot be read by its head. length is
// the one it claims.
func (w *Walker) resync(length uint64, why *damage.Refusal) (s Step, ok bool, err error) {
	s = Step{Offset: w.off}
	if w.end-w.off < FrameHead {
		return s, false, nil
	}
	// First the body itself: a wrong length may lead to a frame too.
	n, ok, err := w.whole(w.off)
	if err != nil {
		return s, false, err
	}
	if ok {
		s.Length, s.Body = n, &w.body
		s.Damage = damage.Refuse(damage.FrameLength, 0, nil)
		return s, true, nil
	}
	if length > FrameHead && length <= w.end-w.off && length <= MaxFrame {
		if ok, err = w.leads(w.off + length); err != nil {
			return s, false, err
		}
		if ok {
			s.Length, s.One, s.Damage = length, true, why
			return s, true, nil
		}
	}
	next, ok, err := w.search(w.off + 1)
	if err == nil && !ok {
		next, ok, err = w.footer(w.off + 1)
	}
	s.Length = next - w.off
	s.Damage = damage.Refuse(damage.Frame, 0, nil)
	return s, ok, err
}

// leads reports whether a frame, a footer or the end is at off.
func (w *Walker) leads(off uint64) (bool, error) {
	if off == w.end {
		return true, nil
	}
	if _, why, err := w.try(off); err != nil || why == nil {
		return err == nil, err
	}
	if _, ok, err := w.peek(off); err != nil || ok { // another damaged frame
		return ok, err
	}
	t, ok, err := w.readTrailer()
	return ok && t.TableOffset == off, err
}

// whole reads the body at off without its length. When the checksum matches,
// only the length is damaged, and whole returns the frame's real length.
func (w *Walker) whole(off uint64) (length uint64, ok bool, err error) {
	most := min(w.end-off, MaxFrame)
	for size := min(most, nearBlock); ; {
		raw, err := w.win.Bytes(off, size)
		if err != nil || !beginsBody(raw[min(FrameHead, len(raw)):]) {
			return 0, false, err
		}
		var r msgpack.Reader
		r.Reset(raw[FrameHead:])
		w.body.read(&r, false)
		n := FrameHead + r.Offset()
		if r.Err() == nil && checkBody(raw, raw[FrameHead:n]) {
			return uint64(n), true, nil
		}
		if !errors.Is(r.Err(), msgpack.ErrShort) || size == most {
			return 0, false, w.spend(uint64(n))
		}
		size = min(most, 4*size)
		if err := w.spend(size); err != nil { // the next read costs budget in any case
			return 0, false, err
		}
	}
}

// search finds the first whole frame at or after off.
func (w *Walker) search(off uint64) (at uint64, ok bool, err error) {
	const keep = FrameHead + len(bodyPrefix)
	size := uint64(nearBlock)
	for off < w.end && w.end-off >= uint64(keep) {
		block, err := w.win.Bytes(off, min(w.end-off, size))
		if err != nil {
			return 0, false, err
		}
		i := findBody(block[FrameHead:])
		if i < 0 {
			off += uint64(len(block) - keep + 1)
			size = min(4*size, walkBlock)
			continue
		}
		off += uint64(i)
		size = nearBlock
		if _, why, err := w.try(off); err != nil || why == nil {
			return off, err == nil, err
		}
		if _, ok, err := w.whole(off); err != nil || ok {
			return off, ok, err
		}
		off++
	}
	return 0, false, nil
}

// footer finds a sound footer at or after off. The bytes before it are damage,
// not part of it.
func (w *Walker) footer(off uint64) (at uint64, ok bool, err error) {
	t, ok, err := w.readTrailer()
	if !ok || t.TableOffset < off || t.TableOffset > w.end-sidx.MinSize {
		return 0, false, err
	}
	_, err = Footer(w.src, t.TableOffset)
	if why := (*damage.Refusal)(nil); errors.As(err, &why) {
		return 0, false, nil
	}
	return t.TableOffset, err == nil, err
}

// readTrailer reads the last bytes of the segment, once.
func (w *Walker) readTrailer() (t sidx.Trailer, ok bool, err error) {
	if !w.asked && w.end >= sidx.MinSize {
		var b [sidx.TrailerSize]byte
		if err := source.Read(w.src, b[:], w.end-sidx.TrailerSize); err != nil {
			return t, false, err
		}
		w.trailer, w.footed = sidx.DecodeTrailer(b[:])
	}
	w.asked = true
	return w.trailer, w.footed, nil
}

// peek returns the event id in the bytes at off.
func (w *Walker) peek(off uint64) (id event.ID, ok bool, err error) {
	const most = FrameHead + uint64(len(bodyPrefix)) + event.IDSize
	raw, err := w.win.Bytes(off, min(w.end-off, most))
	if err != nil {
		return id, false, err
	}
	id, ok = peekID(raw)
	return id, ok, nil
}
