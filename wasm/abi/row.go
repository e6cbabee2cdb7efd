package abi

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/event"
)

// The layout of a row: RowSize bytes, the entity and the scope; of a full row then
// FullSize bytes and the payload; of a timed row TimedSize bytes, the event's own time.
const (
	RowLength      = 0   // u32: bytes of the whole row
	RowSort        = 4   // u16: 1 for a full row, 2 for a timed one, else 0
	RowKind        = 6   // u16
	RowSequence    = 8   // u64
	RowWallMS      = 16  // u64
	RowSegment     = 24  // u64
	RowOffset      = 32  // u64
	RowFrame       = 40  // u32: bytes of the frame
	RowClock       = 44  // u32
	RowEntity      = 48  // u32: bytes of the entity
	RowScope       = 52  // u32: bytes of the scope
	RowID          = 56  // 16 bytes, in the order of its text, as all ids
	RowCorrelation = 72  // 16 bytes
	RowCausation   = 88  // 16 bytes, zero for none
	RowPrevHash    = 104 // 32 bytes
	RowEventHash   = 136 // 32 bytes
	RowSize        = 168

	TimedSize = 8 // i64, µs since the Unix epoch

	FullTimestamp   = 0  // i64, µs since the Unix epoch
	FullPayload     = 8  // u32: bytes of the payload
	FullPayloadSize = 12 // u32: what the frame's header claims
	FullFlags       = 16 // u32
	FullContentHash = 20 // 32 bytes
	FullSize        = 52
)

// The sorts of rows.
const (
	sortPlain = 0
	sortFull  = 1
	sortTimed = 2
)

// AppendRow appends an event, with its own time where that is known.
func AppendRow(dst []byte, e *event.Event) []byte {
	length, sort := RowSize+len(e.Entity)+len(e.Scope), uint16(sortPlain)
	if e.Timed {
		length, sort = length+TimedSize, sortTimed
	}
	dst, b := grow(dst, RowSize)
	putRow(b, e, length, sort)
	dst = append(append(dst, e.Entity...), e.Scope...)
	if e.Timed {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(e.TimestampUS))
	}
	return dst
}

// AppendFullRow appends an event with what only its frame knows.
func AppendFullRow(dst []byte, e *event.Full) []byte {
	dst, b := grow(dst, RowSize)
	putRow(b, &e.Event, RowSize+len(e.Entity)+len(e.Scope)+FullSize+len(e.Payload), sortFull)
	dst = append(append(dst, e.Entity...), e.Scope...)
	dst, b = grow(dst, FullSize)
	le := binary.LittleEndian
	le.PutUint64(b[FullTimestamp:], uint64(e.TimestampUS))
	le.PutUint32(b[FullPayload:], uint32(len(e.Payload)))
	le.PutUint32(b[FullPayloadSize:], e.PayloadSize)
	le.PutUint32(b[FullFlags:], uint32(e.Flags))
	copy(b[FullContentHash:FullSize], e.ContentHash[:])
	return append(dst, e.Payload...)
}

// grow makes room for n bytes, which are to be written.
func grow(dst []byte, n int) (grown, room []byte) {
	var zero [RowSize]byte
	grown = append(dst, zero[:n]...)
	return grown, grown[len(dst):]
}

func putRow(b []byte, e *event.Event, length int, sort uint16) {
	le := binary.LittleEndian
	_ = b[RowSize-1]
	le.PutUint32(b[RowLength:], uint32(length))
	le.PutUint16(b[RowSort:], sort)
	le.PutUint16(b[RowKind:], uint16(e.Kind))
	le.PutUint64(b[RowSequence:], e.Sequence)
	le.PutUint64(b[RowWallMS:], e.WallMS)
	le.PutUint64(b[RowSegment:], e.Position.Segment)
	le.PutUint64(b[RowOffset:], e.Position.Offset)
	le.PutUint32(b[RowFrame:], e.Position.Length)
	le.PutUint32(b[RowClock:], e.Clock)
	le.PutUint32(b[RowEntity:], uint32(len(e.Entity)))
	le.PutUint32(b[RowScope:], uint32(len(e.Scope)))
	copy(b[RowID:], e.ID[:])
	copy(b[RowCorrelation:], e.Correlation[:])
	copy(b[RowCausation:], e.Causation[:])
	copy(b[RowPrevHash:], e.PrevHash[:])
	copy(b[RowEventHash:], e.EventHash[:])
}

// DecodeRow reads the row at the beginning of b and returns what is behind it. Names
// and payload are copied. full reports whether it is a full row. The error is
// [ErrWire].
func DecodeRow(b []byte) (e event.Full, full bool, rest []byte, err error) {
	if len(b) < RowSize {
		return e, false, nil, ErrWire
	}
	le := binary.LittleEndian
	length, entity, scope := le.Uint32(b[RowLength:]), le.Uint32(b[RowEntity:]), le.Uint32(b[RowScope:])
	if length < RowSize || uint64(length) > uint64(len(b)) || uint64(entity)+uint64(scope) > uint64(length-RowSize) {
		return e, false, nil, ErrWire
	}
	e.Kind = event.Kind(le.Uint16(b[RowKind:]))
	e.Sequence, e.WallMS = le.Uint64(b[RowSequence:]), le.Uint64(b[RowWallMS:])
	e.Position = event.Position{
		Segment: le.Uint64(b[RowSegment:]), Offset: le.Uint64(b[RowOffset:]), Length: le.Uint32(b[RowFrame:]),
	}
	e.Clock = le.Uint32(b[RowClock:])
	copy(e.ID[:], b[RowID:])
	copy(e.Correlation[:], b[RowCorrelation:])
	copy(e.Causation[:], b[RowCausation:])
	copy(e.PrevHash[:], b[RowPrevHash:])
	copy(e.EventHash[:], b[RowEventHash:])
	end := RowSize + int(entity) + int(scope)
	names := string(b[RowSize:end])
	e.Entity, e.Scope = names[:entity], names[entity:]
	f := b[end:length]
	switch sort := le.Uint16(b[RowSort:]); {
	case sort == sortPlain && len(f) == 0:
		return e, false, b[length:], nil
	case sort == sortTimed && len(f) == TimedSize:
		e.TimestampUS, e.Timed = int64(le.Uint64(f)), true
		return e, false, b[length:], nil
	case sort != sortFull || len(f) < FullSize || uint64(le.Uint32(f[FullPayload:])) != uint64(len(f)-FullSize):
		return event.Full{}, false, nil, ErrWire
	}
	full = true
	e.TimestampUS, e.Timed = int64(le.Uint64(f[FullTimestamp:])), true
	e.PayloadSize = le.Uint32(f[FullPayloadSize:])
	e.Flags = uint8(le.Uint32(f[FullFlags:]))
	copy(e.ContentHash[:], f[FullContentHash:])
	e.Payload = append([]byte{}, f[FullSize:]...)
	return e, true, b[length:], nil
}
