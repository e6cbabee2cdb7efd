package abi

import (
	"encoding/binary"
	"math"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/store"
)

// The layout of the block of further fields, which follows the scope: moreSize bytes, and the
// runs of kinds, 4 bytes each: the first and the last kind as u16. A request in which all of
// them are 0 has no block. The runs rise and do not touch, and are not what the fields of one
// kind or category can say.
const (
	moreFlags     = 0  // u32: the flags below
	moreDirection = 4  // u32: of OpGraph: 0 causes and effects, 1 causes, 2 effects
	moreSince     = 8  // i64, with flagSince: the first own time, in µs since 1970
	moreUntil     = 16 // i64, with flagUntil: the end of own times
	moreTo        = 24 // u64: one more than the highest sequence, or clock of OpStream; 0 for no bound
	moreSize      = 32

	runSize = 4
)

// The flags of the block.
const (
	flagSince    = 1
	flagUntil    = 2
	flagReverse  = 4  // the highest sequence or clock first
	flagKindRuns = 8  // kinds are limited to the runs, to none without runs
	flagWall     = 16 // since and until are compared with WallMS

	moreAllFlags = flagSince | flagUntil | flagReverse | flagKindRuns | flagWall
)

// inHeader reports whether the fields of the header can say which kinds are wanted: one kind
// or a whole category.
func inHeader(s event.Kinds) bool {
	first, last := s.Bounds()
	n := 0
	for range s.Runs() {
		if n++; n > 1 {
			return false
		}
	}
	return n == 1 && (first == last || first.TypeID() == 0 && last == first|0x0FFF)
}

// appendMore appends the block of a request, or nothing.
func appendMore(dst []byte, q *Request) []byte {
	since, until, hasSince, hasUntil := q.Region.Times.Bounds()
	runs := !q.Region.Kinds.All() && !inHeader(q.Region.Kinds)
	if !hasSince && !hasUntil && !runs && !q.Reverse && !q.Region.Times.OfWall() && q.To == 0 && q.Direction == 0 {
		return dst
	}
	var b [moreSize]byte
	var flags uint32
	le := binary.LittleEndian
	if hasSince {
		flags |= flagSince
		le.PutUint64(b[moreSince:], uint64(since))
	}
	if hasUntil {
		flags |= flagUntil
		le.PutUint64(b[moreUntil:], uint64(until))
	}
	if q.Reverse {
		flags |= flagReverse
	}
	if runs {
		flags |= flagKindRuns
	}
	if q.Region.Times.OfWall() {
		flags |= flagWall
	}
	le.PutUint32(b[moreFlags:], flags)
	le.PutUint32(b[moreDirection:], uint32(q.Direction))
	le.PutUint64(b[moreTo:], q.To)
	dst = append(dst, b[:]...)
	if runs {
		for first, last := range q.Region.Kinds.Runs() {
			dst = le.AppendUint16(le.AppendUint16(dst, uint16(first)), uint16(last))
		}
	}
	return dst
}

// decodeMore decodes a block, which must be as appendMore writes it.
func (q *Request) decodeMore(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if len(b) < moreSize || (len(b)-moreSize)%runSize != 0 {
		return ErrRequest
	}
	le := binary.LittleEndian
	flags, direction := le.Uint32(b[moreFlags:]), le.Uint32(b[moreDirection:])
	since, until := int64(le.Uint64(b[moreSince:])), int64(le.Uint64(b[moreUntil:]))
	q.To, q.Reverse = le.Uint64(b[moreTo:]), flags&flagReverse != 0
	if flags&^moreAllFlags != 0 || direction > uint32(store.EffectsOnly) || flags == 0 && direction == 0 && q.To == 0 ||
		flags&flagSince == 0 && since != 0 || flags&flagUntil == 0 && until != 0 ||
		q.Op == OpStream && q.To > math.MaxUint32 {
		return ErrRequest
	}
	q.Direction = store.GraphDirection(direction)
	if flags&flagSince != 0 {
		q.Region.Times = q.Region.Times.Since(since)
	}
	if flags&flagUntil != 0 {
		q.Region.Times = q.Region.Times.Until(until)
	}
	if flags&flagWall != 0 {
		q.Region.Times = q.Region.Times.ByWall()
	}
	if flags&flagKindRuns != 0 {
		return q.decodeRuns(b[moreSize:])
	}
	if len(b) > moreSize {
		return ErrRequest
	}
	return nil
}

func (q *Request) decodeRuns(b []byte) error {
	if q.Flags&flagKinds != 0 {
		return ErrRequest
	}
	le := binary.LittleEndian
	var kinds []event.Kind
	least := 0 // the first kind that the next run may begin with
	for ; len(b) > 0; b = b[runSize:] {
		first, last := int(le.Uint16(b)), int(le.Uint16(b[2:]))
		if first < least || last < first {
			return ErrRequest
		}
		for k := first; k <= last; k++ {
			kinds = append(kinds, event.Kind(k))
		}
		least = last + 2
	}
	q.Region.Kinds = event.AnyOf(kinds...)
	if q.Region.Kinds.All() || inHeader(q.Region.Kinds) {
		return ErrRequest
	}
	return nil
}
