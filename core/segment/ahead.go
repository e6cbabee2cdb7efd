package segment

import (
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
)

const (
	// AheadBlock is how much is read ahead at once: enough to share out, and little
	// enough to be in the processor's caches when the walk comes to it.
	AheadBlock = 4 << 20
	// aheadShare is the least that is worth handing to another goroutine.
	aheadShare = 1 << 17
	// leastBody is fewer bytes than any body has.
	leastBody = len(bodyPrefix) + event.IDSize
)

// Ahead reads the frames in front of a walk, a block at a time, and decodes those
// of a block on several goroutines. It is a guess: it follows the lengths from
// where the walk stands, and keeps what turns out a sound frame. The walk takes
// what was kept for exactly the place where it stands and looks at all others
// itself, so that it finds what it would find alone, in order. One Ahead serves one
// walk after the other.
type Ahead struct {
	run    func(n int, f func(i int))
	block  uint64
	buf    []byte
	frames []aheadFrame

	// of the walk:
	src  source.Source
	note func() Note
	size uint64 // of the segment
	next int    // in frames
	end  uint64 // where the next block begins
}

// Note is called with frames that were read ahead, in rising order, on one
// goroutine. What it returns is their [Step.Note].
type Note func(offset, length uint64, b *Body) uint32

type aheadFrame struct {
	offset uint64
	length uint32
	note   uint32
	sound  bool
	body   Body
}

// NewAhead reads block bytes at once. run runs f(0) to f(n-1), some at once where
// that pays, and returns when all are done.
func NewAhead(block int, run func(n int, f func(i int))) *Ahead {
	return &Ahead{run: run, block: uint64(block)}
}

// ReadAhead makes the walk take its frames from a where it can. Their bodies come
// without payload. note, which may be nil, is called on each goroutine for what
// is then called with frames there.
func (w *Walker) ReadAhead(a *Ahead, note func() Note) {
	a.src, a.note, a.size, a.end, a.frames = w.src, note, w.end, w.off, a.frames[:0]
	w.ahead = a
}

// at returns the sound frame at off, nil when none is known.
func (a *Ahead) at(off uint64) *aheadFrame {
	if off >= a.end {
		a.fill(off)
	}
	for ; a.next < len(a.frames); a.next++ {
		switch f := &a.frames[a.next]; {
		case f.offset > off:
			return nil
		case f.offset == off && f.sound:
			a.next++
			return f
		}
	}
	return nil
}

// fill reads the block at off. When its frames do not fill it, the walk comes to
// its end alone, so that no byte is read ahead over and over.
func (a *Ahead) fill(off uint64) {
	size := min(a.block, a.size-off)
	a.next, a.frames, a.end = 0, a.frames[:0], off+size
	raw := a.read(off, size)
	for at := uint64(0); ; {
		length := uint64(0)
		if size-min(at, size) >= FrameHead {
			length = frameLength(raw[at:])
			if length < uint64(FrameHead+leastBody) || length > min(MaxFrame, a.size-off-at) {
				break
			}
		}
		if length == 0 || length > size-at {
			if at > 0 {
				a.end = off + at
			}
			break
		}
		a.frames = append(a.frames, aheadFrame{offset: off + at, length: uint32(length)})
		at += length
	}
	a.decode(raw, off)
}

// read returns size bytes at off, or none when they cannot be read: the walk will
// meet the error.
func (a *Ahead) read(off, size uint64) []byte {
	if mem, ok := a.src.(source.Memory); ok && off+size <= uint64(max(a.src.Size(), 0)) {
		if b := mem.Slice(off, size); uint64(len(b)) == size {
			return b
		}
	}
	if uint64(cap(a.buf)) < size {
		a.buf = make([]byte, size)
	}
	b := a.buf[:size]
	shares := int((size + aheadShare - 1) / aheadShare)
	errs := make([]error, shares)
	a.run(shares, func(i int) {
		from := uint64(i) * aheadShare
		errs[i] = source.Read(a.src, b[from:min(from+aheadShare, size)], off+from)
	})
	for _, err := range errs {
		if err != nil {
			return nil
		}
	}
	return b
}

// decode decodes the frames, whose block begins at start.
func (a *Ahead) decode(raw []byte, start uint64) {
	if len(a.frames) == 0 {
		return
	}
	last := &a.frames[len(a.frames)-1]
	shares := int(last.offset+uint64(last.length)-start)/aheadShare + 1
	shares = min(shares, len(a.frames))
	a.run(shares, func(i int) {
		var note Note
		if a.note != nil {
			note = a.note()
		}
		frames := a.frames[len(a.frames)*i/shares : len(a.frames)*(i+1)/shares]
		for k := range frames {
			f := &frames[k]
			b := raw[f.offset-start:][:f.length]
			f.sound = f.body.decodeBare(b)
			if f.sound && note != nil {
				f.note = note(f.offset, uint64(f.length), &f.body)
			}
		}
	})
}

// decodeBare is [DecodeFrame] without the payload. It also reports false where the
// payload is needed to tell what the frame is.
func (b *Body) decodeBare(raw []byte) bool {
	body := raw[FrameHead:]
	if !checkBody(raw, body) || b.decode(body, true) != nil {
		return false
	}
	return b.Kind == event.SystemBatchBegin || b.Kind == event.SystemBatchCommit || !b.IsMarker()
}
