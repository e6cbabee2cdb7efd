package store

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// knownFrames remembers frames that ReadEach has decoded and checked: that they agree with
// the index, and that the payload has the recorded hash, which costs more than the rest.
// When the same event is read again and its frame has the same, valid checksum, only its
// payload is decoded. Read and the other queries check everything each time.
type knownFrames struct {
	seed  uint64
	once  sync.Once
	slots *[knownSlots]atomic.Uint64
}

const (
	// knownSlots is how many frames are remembered at most, one of those whose sequences have
	// the same remainder. They take 512 KiB.
	knownSlots = 1 << 16
	// A slot has the mark of a frame, and in its lowest bits the offset of the payload, or 0 if
	// the whole frame must be decoded again.
	payloadAtBits = 12
	payloadAtMask = 1<<payloadAtBits - 1
)

// slot returns the slot of an event. Those of neighbours lie side by side.
func (k *knownFrames) slot(sequence uint64) *atomic.Uint64 {
	k.once.Do(func() { k.slots = new([knownSlots]atomic.Uint64) })
	return &k.slots[sequence%knownSlots]
}

// mark returns a digest of what the index says of an event and of its frame's checksum. The
// seed makes it unpredictable: no store can be made in which two frames have the same.
func (k *knownFrames) mark(e *event.Event, checksum uint32) uint64 {
	a, b := k.seed, ^k.seed // two, which the processor computes at the same time
	a = mix(a, e.Sequence, e.Position.Offset)
	b = mix(b, e.Position.Segment, uint64(e.Position.Length)<<32|uint64(checksum))
	a = mix(a, uint64(e.Kind)<<32|uint64(e.Clock), e.WallMS)
	b = mixBytes(b, e.ID[:])
	a = mixBytes(a, e.Correlation[:])
	b = mixBytes(b, e.Causation[:])
	a = mixBytes(a, e.PrevHash[:])
	b = mixBytes(b, e.EventHash[:])
	a = mixText(a, e.Entity)
	b = mixText(b, e.Scope)
	return mix(a, b, 0) &^ payloadAtMask
}

func mix(seed, a, b uint64) uint64 {
	high, low := bits.Mul64(a^seed, b^seed^0x9e3779b97f4a7c15)
	return high ^ low ^ bits.RotateLeft64(seed, 23)
}

// mixBytes mixes in a multiple of 16 bytes.
func mixBytes(seed uint64, b []byte) uint64 {
	for ; len(b) >= 16; b = b[16:] {
		seed = mix(seed, binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]))
	}
	return seed
}

func mixText(seed uint64, s string) uint64 {
	seed = mix(seed, uint64(len(s)), 0)
	for len(s) > 0 {
		var word [16]byte
		s = s[copy(word[:], s):]
		seed = mixBytes(seed, word[:])
	}
	return seed
}

// remember fills a slot with a frame that was decoded into b, with the payload at an offset.
func remember(slot *atomic.Uint64, mark uint64, b *segment.Body, payloadAt int) {
	if b.Plain() && payloadAt <= payloadAtMask {
		mark |= uint64(payloadAt)
	}
	slot.Store(mark)
}
