package segment

import (
	"math"
	"sync/atomic"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/source"
)

const (
	// AheadBlock is how much is read ahead at once: enough to share out, and
	// little enough that three blocks stay in the processor's caches.
	AheadBlock = 2 << 20
	// aheadShares is the number of shares in which a block is read and decoded:
	// 128 KiB each, which is worth handing to another goroutine.
	aheadShares = 16
	// leastBody is a lower bound on the size of a body.
	leastBody = uint64(len(bodyPrefix)) + event.IDSize
)

// Ahead reads and decodes frames ahead of a walk, block by block: while the
// walk goes over one block, the next is decoded and the one after it is read.
// It guesses: it follows the lengths from the walk's offset on and keeps the
// frames that are sound. The walk uses a kept frame only at exactly its offset
// and reads everything else itself, so it finds what it would find alone. One
// Ahead can serve many walks, one after the other.
type Ahead struct {
	run   func(n int, f func(i int))
	block uint64
	// The blocks being walked over, decoded and read.
	walked, decoded, read *aheadBlock
	footer                []byte
}

// Note is called with frames that were read ahead, in rising order, on one
// goroutine. Its result becomes their [Step.Note].
type Note func(offset, length uint64, b *Body) uint32

// NewAhead returns an Ahead with blocks of block bytes. run runs f(0) to
// f(n-1), some at once where that pays, and returns when all are done.
func NewAhead(block int, run func(n int, f func(i int))) *Ahead {
	share := uint64(max(block/aheadShares, 1))
	return &Ahead{
		run: run, block: uint64(block),
		walked: &aheadBlock{share: share}, decoded: &aheadBlock{share: share}, read: &aheadBlock{share: share},
	}
}

// Footer is [Footer], read in shares. The result is valid until the next call.
func (a *Ahead) Footer(src source.Source, at uint64) (*sidx.Footer, error) {
	return footer(src, at, func(n uint64) ([]byte, error) {
		if uint64(cap(a.footer)) < n {
			a.footer = make([]byte, n)
		}
		raw := a.footer[:n]
		shares := int((n + a.walked.share - 1) / a.walked.share)
		errs := make([]error, shares)
		a.run(shares, func(i int) {
			from := uint64(i) * a.walked.share
			errs[i] = source.Read(src, raw[from:min(from+a.walked.share, n)], at+from)
		})
		for _, err := range errs {
			if err != nil {
				return nil, err
			}
		}
		return raw, nil
	})
}

// Blocks walks with frames from a. It calls each repeatedly: each must take
// steps until none is left or Offset reaches until, and reports whether to go
// on. The bodies of frames have no payload. note, which may be nil, is called
// once for each goroutine; the result gets that goroutine's frames. When Blocks
// returns, nothing of this runs any more.
func (w *Walker) Blocks(a *Ahead, note func() Note, each func(until uint64) (more bool)) {
	size := w.end
	prepare := func(b *aheadBlock, off uint64) {
		b.prepare(w.src, off, min(a.block, size-min(off, size)))
	}
	restart := func() {
		a.walked.clear()
		a.decoded.clear()
		prepare(a.read, w.off)
	}
	restart()
	defer func() { w.ahead = nil }()
	for more := true; more; {
		walked, decoded, read := a.walked, a.decoded, a.read
		walks, decodes, reads := 0, decoded.decodeShares(), read.readShares()
		until := walked.end
		if walked.size > 0 {
			w.ahead, walks = walked, 1
			if until >= size {
				until = math.MaxUint64
			}
		} else if w.off >= size {
			more = each(math.MaxUint64)
			continue
		}
		a.run(walks+decodes+reads, func(i int) {
			switch {
			case i < walks:
				more = each(until)
			case i < walks+decodes:
				decoded.decode(i-walks, decodes, note)
			default:
				read.fill(w.src, i-walks-decodes, size)
			}
		})
		if !more {
			return
		}
		if walks > 0 && w.off != walked.end {
			restart() // the blocks read ahead are of no use
			continue
		}
		a.walked, a.decoded, a.read = decoded, read, walked
		if a.read.clear(); read.chained && read.end < size {
			prepare(a.read, read.end)
		}
		if a.walked.size == 0 && a.decoded.size == 0 && a.read.size == 0 {
			restart()
		}
	}
}

// aheadBlock is a block of a segment and the frames in it.
type aheadBlock struct {
	share       uint64 // bytes
	buf         []byte
	raw         []byte // in buf, or the source's own memory
	inPlace     bool
	failed      atomic.Bool
	unread      atomic.Int32 // shares
	start, size uint64       // in the segment; size is 0 when there is no block
	end         uint64       // where the next block begins
	chained     bool         // a frame seems to begin there
	frames      []aheadFrame
	next        int // in frames, to walk over
}

type aheadFrame struct {
	offset uint64
	length uint32
	note   uint32
	sound  bool
	body   Body
}

func (b *aheadBlock) clear() {
	b.size, b.end, b.chained, b.next, b.frames = 0, 0, false, 0, b.frames[:0]
	b.unread.Store(0)
}

// prepare makes b the block of size bytes at off.
func (b *aheadBlock) prepare(src source.Source, off, size uint64) {
	b.clear()
	b.start, b.size, b.inPlace = off, size, false
	b.failed.Store(false)
	b.unread.Store(int32((size + b.share - 1) / b.share))
	if mem, ok := src.(source.Memory); ok && off+size <= uint64(max(src.Size(), 0)) {
		if raw := mem.Slice(off, size); uint64(len(raw)) == size {
			b.raw, b.inPlace = raw, true
			return
		}
	}
	if uint64(cap(b.buf)) < size {
		b.buf = make([]byte, size)
	}
	b.raw = b.buf[:size]
}

func (b *aheadBlock) readShares() int { return int(b.unread.Load()) }

// fill reads one share, and finds the frames when it was the last one. A failed
// read only marks the block: the walk meets the error itself.
func (b *aheadBlock) fill(src source.Source, share int, size uint64) {
	from := uint64(share) * b.share
	if !b.inPlace && source.Read(src, b.raw[from:min(from+b.share, b.size)], b.start+from) != nil {
		b.failed.Store(true)
	}
	if b.unread.Add(-1) == 0 {
		b.follow(size)
	}
}

// follow finds the frames by their lengths, in a segment of a size. When they
// do not lead to the end of the block, the walk reads the rest alone, so that
// no byte is read ahead repeatedly.
func (b *aheadBlock) follow(size uint64) {
	b.end = b.start + b.size
	if b.failed.Load() {
		return
	}
	at := uint64(0)
	for b.size-at >= FrameHead {
		length := FrameLength(b.raw[at:])
		if length < FrameHead+leastBody || length > min(MaxFrame, size-b.start-at) {
			return
		}
		if length > b.size-at {
			break
		}
		b.add(b.start+at, uint32(length))
		at += length
	}
	if at > 0 {
		b.end, b.chained = b.start+at, true
	}
}

// add appends to frames. It does not clear what an earlier block left there:
// bodies are large.
func (b *aheadBlock) add(offset uint64, length uint32) {
	n := len(b.frames)
	if cap(b.frames) == 0 { // frames are similar in size
		b.frames = make([]aheadFrame, 0, b.size/uint64(length)*5/4+1)
	} else if n == cap(b.frames) {
		b.frames = append(b.frames, aheadFrame{})
	}
	b.frames = b.frames[:n+1]
	f := &b.frames[n]
	f.offset, f.length, f.note, f.sound = offset, length, 0, false
}

func (b *aheadBlock) decodeShares() int {
	if len(b.frames) == 0 {
		return 0
	}
	return min(int((b.end-b.start)/b.share)+1, len(b.frames))
}

// decode decodes one share of the frames.
func (b *aheadBlock) decode(share, shares int, notes func() Note) {
	var note Note
	if notes != nil {
		note = notes()
	}
	frames := b.frames[len(b.frames)*share/shares : len(b.frames)*(share+1)/shares]
	for i := range frames {
		f := &frames[i]
		f.sound = f.body.decodeBare(b.raw[f.offset-b.start:][:f.length])
		if f.sound && note != nil {
			f.note = note(f.offset, uint64(f.length), &f.body)
		}
	}
}

// at returns the sound frame at off, or nil. off must not fall from call to
// call.
func (b *aheadBlock) at(off uint64) *aheadFrame {
	for ; b.next < len(b.frames) && b.frames[b.next].offset <= off; b.next++ {
		if f := &b.frames[b.next]; f.offset == off && f.sound {
			b.next++
			return f
		}
	}
	return nil
}

// decodeBare is [DecodeFrame] without the payload. It also returns false when
// the form of the frame depends on the payload.
func (b *Body) decodeBare(raw []byte) bool {
	body := raw[FrameHead:]
	if !checkBody(raw, body) || b.decode(body, true) != nil {
		return false
	}
	return b.Kind == event.SystemBatchBegin || b.Kind == event.SystemBatchCommit || !b.IsMarker()
}
