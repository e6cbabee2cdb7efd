package store

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
)

const (
	// maxFrameGap is how many bytes between two frames are read with them to save a read.
	maxFrameGap = 1023
	// maxFrameSpan bounds a read of several frames, in bytes: they stay in the processor's
	// second cache until they are decoded.
	maxFrameSpan = 128 << 10
	// frameShare is the least bytes of frames that are worth another goroutine.
	frameShare = 32 << 10
)

// frameBatch is a batch of events whose frames are read together.
type frameBatch struct {
	events []event.Full
	used   int    // the most events that it has held
	size   uint64 // bytes of the frames, as the positions say

	snapshot *Snapshot
	known    *knownFrames // nil for none
	sound    []bool       // whether the frame was read and is right; the reason is found later
	// decoded has what decodeAs made of each event, if that is set.
	decodeAs func(*event.Full) (any, error)
	decoded  []Decoded
	// order lists the events by position.
	order []int32
	// payloads has room for the payload of each event that is not large; rooms says where.
	payloads []byte
	rooms    []uint64
	shares   []int32 // where each share ends in order

	// was has the positions of the events in the iteration's snapshot, while they have
	// those of another: see move.
	was []event.Position

	run     func(share int)
	rest    func() // waits for the shares that were begun ahead
	stopped atomic.Bool
}

var frameBatches = sync.Pool{New: func() any { return new(frameBatch) }}

func borrowBatch() *frameBatch { return frameBatches.Get().(*frameBatch) }

// giveBack stops the reading of the batch and returns it to the pool, emptied, so that it
// keeps no names or files alive. Its payloads are no longer valid.
func (b *frameBatch) giveBack() {
	if b.rest != nil {
		b.stopped.Store(true)
		b.wait()
		b.stopped.Store(false)
	}
	b.reset()
	clear(b.events[:b.used])
	b.used, b.snapshot, b.known, b.decodeAs = 0, nil, nil, nil
	frameBatches.Put(b)
}

// reset empties the batch for other events of the same iteration.
func (b *frameBatch) reset() {
	b.used = max(b.used, len(b.events))
	b.events, b.size, b.was = b.events[:0], 0, b.was[:0]
	clear(b.decoded)
	b.decoded = b.decoded[:0]
}

func (b *frameBatch) add(e event.Event) {
	b.events = append(b.events, event.Full{Event: e})
	b.size += uint64(e.Position.Length)
}

// move gives the events the positions that they have in another snapshot. One that is not
// there keeps its own, where nothing may be any more.
func (b *frameBatch) move(fresh *Snapshot, since uint64) {
	b.was = b.was[:0]
	unknown := false
	for i := range b.events {
		e := &b.events[i].Event
		b.was = append(b.was, e.Position)
		if unknown {
			continue
		}
		now, ok, err := fresh.place(e, since)
		if ok {
			e.Position = now.Position
		}
		// An index that cannot be read is not tried for each event.
		unknown = err != nil && !errors.Is(err, ErrRemoved)
	}
}

// back undoes move.
func (b *frameBatch) back() {
	for i, p := range b.was {
		b.events[i].Position = p
	}
	b.was = b.was[:0]
}

// plan decides where payloads go and which frames are read together.
func (b *frameBatch) plan() {
	n := len(b.events)
	b.sound = append(b.sound[:0], make([]bool, n)...)
	b.order, b.rooms = slices.Grow(b.order[:0], n), slices.Grow(b.rooms[:0], n)
	room, sorted := uint64(0), true
	for i := range b.events {
		b.order, b.rooms = append(b.order, int32(i)), append(b.rooms, room)
		if length := uint64(b.events[i].Position.Length); length <= mostFrameBytes {
			room += length // no payload is longer than its frame
		}
		sorted = sorted && (i == 0 || comparePositions(b.position(i-1), b.position(i)) <= 0)
	}
	if !sorted {
		slices.SortFunc(b.order, func(i, k int32) int {
			return comparePositions(b.position(int(i)), b.position(int(k)))
		})
	}
	if uint64(cap(b.payloads)) < room {
		b.payloads = make([]byte, room)
	}
	b.payloads = b.payloads[:room]
	b.shares = b.shares[:0]
	size := uint64(0)
	for at, i := range b.order {
		size += uint64(b.position(int(i)).Length)
		if at == n-1 || size >= frameShare && b.snapshot.options.Ahead != nil {
			b.shares = append(b.shares, int32(at+1))
			size = 0
		}
	}
}

func (b *frameBatch) position(i int) *event.Position { return &b.events[i].Position }

func comparePositions(a, b *event.Position) int {
	return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Offset, b.Offset))
}

// begin reads the batch, and remembers its frames if remember is set. It returns true when
// other goroutines may still be reading it.
func (b *frameBatch) begin(s *Snapshot, remember bool, decodeAs func(*event.Full) (any, error)) (ahead bool) {
	b.snapshot, b.known, b.decodeAs = s, nil, decodeAs
	if remember {
		b.known = s.options.known
	}
	if decodeAs != nil {
		b.decoded = slices.Grow(b.decoded, len(b.events))[:len(b.events)]
	}
	b.plan()
	if run := s.options.Ahead; run != nil && len(b.shares) > 1 {
		if b.run == nil {
			b.run = b.readShare
		}
		b.rest = run(len(b.shares), b.run)
		return true
	}
	return false
}

// wait returns when every share is read. It reads those that nothing reads yet.
func (b *frameBatch) wait() {
	if b.rest != nil {
		b.rest()
		b.rest = nil
		return
	}
	for i := range b.shares {
		b.readShare(i)
	}
}

// readShare reads the frames of one share.
func (b *frameBatch) readShare(share int) {
	f := borrowFrame()
	defer f.giveBack()
	from := int32(0)
	if share > 0 {
		from = b.shares[share-1]
	}
	for order := b.order[from:b.shares[share]]; len(order) > 0; {
		id := b.position(int(order[0])).Segment
		n := 1
		for n < len(order) && b.position(int(order[n])).Segment == id {
			n++
		}
		if src, err := b.snapshot.openSegment(id); err == nil {
			b.readSegment(src, order[:n], f)
		}
		order = order[n:]
	}
}

// readSegment reads frames of one segment.
func (b *frameBatch) readSegment(src source.Source, order []int32, f *frameBuffer) {
	size := uint64(max(src.Size(), 0))
	if a, ok := src.(source.Prefetcher); ok && len(order) > 1 && a.Prefetches() {
		var ranges []source.Range
		for rest := order; len(rest) > 0; {
			n, span := b.neighbours(rest, size)
			ranges, rest = append(ranges, span), rest[n:]
		}
		a.Prefetch(ranges)
	}
	for len(order) > 0 && !b.stopped.Load() {
		n, span := b.neighbours(order, size)
		if raw, err := f.readAt(src, span.Off, span.Len); err == nil {
			for _, i := range order[:n] {
				b.decode(i, raw[b.position(int(i)).Offset-span.Off:], f)
			}
		}
		order = order[n:]
	}
}

// neighbours returns how many of the frames in a segment of a size to read at once, at
// least one, and the range that they fill. The range of a frame that does not lie in the
// segment does not either.
func (b *frameBatch) neighbours(order []int32, size uint64) (n int, span source.Range) {
	within := func(i int32) bool {
		p := b.position(int(i))
		return p.Offset <= size && uint64(p.Length) <= size-p.Offset
	}
	first := b.position(int(order[0]))
	span = source.Range{Off: first.Offset, Len: uint64(first.Length)}
	if !within(order[0]) {
		return 1, span
	}
	for n = 1; n < len(order) && within(order[n]); n++ {
		p := b.position(int(order[n]))
		ahead := p.Offset - span.Off // of a frame after the first, or the first again
		if ahead > span.Len+maxFrameGap || ahead+uint64(p.Length) > maxFrameSpan {
			break
		}
		span.Len = max(span.Len, ahead+uint64(p.Length))
	}
	return n, span
}

// decode decodes and checks the frame of one event.
func (b *frameBatch) decode(i int32, raw []byte, f *frameBuffer) {
	full := &b.events[i]
	raw = raw[:full.Position.Length]
	f.body.Payload = nil
	if room := b.rooms[i]; len(raw) <= mostFrameBytes {
		f.body.Payload = b.payloads[room : room : room+uint64(len(raw))]
	}
	b.sound[i] = b.snapshot.decodeKnown(raw, &f.body, full, b.known)
	if b.sound[i] && b.snapshot.unseal(full) != nil {
		b.sound[i] = false // Read says why
	}
	if len(full.Payload) == 0 {
		full.Payload = nil // as Read returns it
	}
	if b.decodeAs != nil && b.sound[i] && Redaction(full) == nil {
		b.sound[i] = b.decodeValue(i)
	}
}

// decodeValue makes the value of an event. done is false after a panic, which must happen
// where it can be recovered: where the events are used.
func (b *frameBatch) decodeValue(i int32) (done bool) {
	defer func() {
		if !done {
			_ = recover()
		}
	}()
	d := &b.decoded[i]
	d.Value, d.Err = b.decodeAs(&b.events[i])
	return true
}
