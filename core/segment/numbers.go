package segment

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/event"
)

// A footer has no checksum, and without gaps it needs none: the order of the frames tells
// the sequences. Where events are missing only the footer has them. So the empty batches of
// a thinned segment (see [FlagCompacted]) also have a sum of the sequences of the segment's
// events before them: in the first 8 bytes of the correlation id, whose last 8 are those of
// the id. It also tells them from a batch that merely has no events.

// NoNumbers is the sum of no sequences.
const NoNumbers = 0xcbf29ce484222325

// AddNumber adds the sequence of the next event to a sum of sequences.
func AddNumber(sum, sequence uint64) uint64 {
	// FNV-1a with words for bytes, and a shift that brings the high bits down.
	sum = (sum ^ sequence) * 0x100000001b3
	return sum ^ sum>>29
}

// AppendNumbers appends the frames of an empty batch that names a sequence. sum is that of
// the sequences before it in the segment; us is as for [AppendMarker].
func AppendNumbers(dst []byte, sequence, sum uint64, us int64) []byte {
	id := MarkerID(sequence)
	correlation := id
	binary.BigEndian.PutUint64(correlation[:], sum)
	b := marker(event.SystemBatchBegin, id, us)
	b.Correlation = correlation
	dst = AppendFrame(dst, &b)
	b.Kind = event.SystemBatchCommit
	return AppendFrame(dst, &b)
}

// Numbers returns what an empty batch names, by one of its markers: a sequence, and the sum
// of the sequences before it. ok is false when it names none.
func (b *Body) Numbers() (sequence, sum uint64, ok bool) {
	for _, high := range b.ID[:event.IDSize-8] {
		if high != 0 {
			return 0, 0, false
		}
	}
	sequence, sum = binary.BigEndian.Uint64(b.ID[event.IDSize-8:]), binary.BigEndian.Uint64(b.Correlation[:])
	return sequence, sum, sum != 0 && binary.BigEndian.Uint64(b.Correlation[event.IDSize-8:]) == sequence
}
