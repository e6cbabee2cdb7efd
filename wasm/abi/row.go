package abi

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/event"
)

// The layout of a row: rowSize bytes, the entity and the scope. A full row adds fullSize
// bytes and the payload, and then the metadata if it is of sort 3; a timed row adds timedSize
// bytes, the event's own time.
const (
	rowLength      = 0   // u32: bytes of the whole row
	rowSort        = 4   // u16: one of the sorts below
	rowKind        = 6   // u16
	rowSequence    = 8   // u64
	rowWallMS      = 16  // u64
	rowSegment     = 24  // u64
	rowOffset      = 32  // u64
	rowFrame       = 40  // u32: bytes of the frame
	rowClock       = 44  // u32
	rowEntity      = 48  // u32: bytes of the entity
	rowScope       = 52  // u32: bytes of the scope
	rowID          = 56  // 16 bytes, like all ids in the order of its text
	rowCorrelation = 72  // 16 bytes
	rowCausation   = 88  // 16 bytes, zero for none
	rowPrevHash    = 104 // 32 bytes
	rowEventHash   = 136 // 32 bytes
	rowSize        = 168

	timedSize = 8 // i64, µs since the Unix epoch

	fullTimestamp   = 0  // i64, µs since the Unix epoch
	fullPayload     = 8  // u32: bytes of the payload
	fullPayloadSize = 12 // u32: as in the frame's header
	fullFlags       = 16 // u32
	fullContentHash = 20 // 32 bytes
	fullSize        = 52
)

// The sorts of rows.
const (
	sortPlain = 0
	sortFull  = 1
	sortTimed = 2
	sortMeta  = 3 // a full row with metadata
)

// AppendRow appends an event, with its own time if known.
func AppendRow(dst []byte, e *event.Event) []byte {
	length, sort := rowSize+len(e.Entity)+len(e.Scope), uint16(sortPlain)
	if e.Timed {
		length, sort = length+timedSize, sortTimed
	}
	dst, b := grow(dst, rowSize)
	putRow(b, e, length, sort)
	dst = append(append(dst, e.Entity...), e.Scope...)
	if e.Timed {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(e.TimestampUS))
	}
	return dst
}

// AppendFullRow appends an event with the fields of its frame.
func AppendFullRow(dst []byte, e *event.Full) []byte {
	dst, b := grow(dst, rowSize)
	sort := uint16(sortFull)
	if e.Meta.Len() > 0 {
		sort = sortMeta
	}
	putRow(b, &e.Event, rowSize+len(e.Entity)+len(e.Scope)+fullSize+len(e.Payload)+e.Meta.Size(), sort)
	dst = append(append(dst, e.Entity...), e.Scope...)
	dst, b = grow(dst, fullSize)
	le := binary.LittleEndian
	le.PutUint64(b[fullTimestamp:], uint64(e.TimestampUS))
	le.PutUint32(b[fullPayload:], uint32(len(e.Payload)))
	le.PutUint32(b[fullPayloadSize:], e.PayloadSize)
	le.PutUint32(b[fullFlags:], uint32(e.Flags))
	copy(b[fullContentHash:fullSize], e.ContentHash[:])
	return event.AppendMeta(append(dst, e.Payload...), e.Meta)
}

// grow extends dst by n bytes, which the caller writes to space.
func grow(dst []byte, n int) (grown, space []byte) {
	var zero [rowSize]byte
	grown = append(dst, zero[:n]...)
	return grown, grown[len(dst):]
}

func putRow(b []byte, e *event.Event, length int, sort uint16) {
	le := binary.LittleEndian
	_ = b[rowSize-1]
	le.PutUint32(b[rowLength:], uint32(length))
	le.PutUint16(b[rowSort:], sort)
	le.PutUint16(b[rowKind:], uint16(e.Kind))
	le.PutUint64(b[rowSequence:], e.Sequence)
	le.PutUint64(b[rowWallMS:], e.WallMS)
	le.PutUint64(b[rowSegment:], e.Position.Segment)
	le.PutUint64(b[rowOffset:], e.Position.Offset)
	le.PutUint32(b[rowFrame:], e.Position.Length)
	le.PutUint32(b[rowClock:], e.Clock)
	le.PutUint32(b[rowEntity:], uint32(len(e.Entity)))
	le.PutUint32(b[rowScope:], uint32(len(e.Scope)))
	copy(b[rowID:], e.ID[:])
	copy(b[rowCorrelation:], e.Correlation[:])
	copy(b[rowCausation:], e.Causation[:])
	copy(b[rowPrevHash:], e.PrevHash[:])
	copy(b[rowEventHash:], e.EventHash[:])
}

// DecodeRow decodes the row at the beginning of b and returns the bytes after it. It copies
// names, payload and metadata. full reports whether it is a full row. The error is [ErrWire].
func DecodeRow(b []byte) (e event.Full, full bool, rest []byte, err error) {
	if len(b) < rowSize {
		return e, false, nil, ErrWire
	}
	le := binary.LittleEndian
	length, entity, scope := le.Uint32(b[rowLength:]), le.Uint32(b[rowEntity:]), le.Uint32(b[rowScope:])
	if length < rowSize || uint64(length) > uint64(len(b)) || uint64(entity)+uint64(scope) > uint64(length-rowSize) {
		return e, false, nil, ErrWire
	}
	e.Kind = event.Kind(le.Uint16(b[rowKind:]))
	e.Sequence, e.WallMS = le.Uint64(b[rowSequence:]), le.Uint64(b[rowWallMS:])
	e.Position = event.Position{
		Segment: le.Uint64(b[rowSegment:]), Offset: le.Uint64(b[rowOffset:]), Length: le.Uint32(b[rowFrame:]),
	}
	e.Clock = le.Uint32(b[rowClock:])
	copy(e.ID[:], b[rowID:])
	copy(e.Correlation[:], b[rowCorrelation:])
	copy(e.Causation[:], b[rowCausation:])
	copy(e.PrevHash[:], b[rowPrevHash:])
	copy(e.EventHash[:], b[rowEventHash:])
	end := rowSize + int(entity) + int(scope)
	names := string(b[rowSize:end])
	e.Entity, e.Scope = names[:entity], names[entity:]
	f := b[end:length]
	switch sort := le.Uint16(b[rowSort:]); {
	case sort == sortPlain && len(f) == 0:
		return e, false, b[length:], nil
	case sort == sortTimed && len(f) == timedSize:
		e.TimestampUS, e.Timed = int64(le.Uint64(f)), true
		return e, false, b[length:], nil
	case sort != sortFull && sort != sortMeta || len(f) < fullSize:
		return event.Full{}, false, nil, ErrWire
	default:
		after := f[fullSize:]
		if n := le.Uint32(f[fullPayload:]); uint64(n) <= uint64(len(after)) {
			e.Payload, after = append([]byte{}, after[:n]...), after[n:]
		}
		if e.Payload == nil || (sort == sortMeta) != (len(after) > 0) {
			return event.Full{}, false, nil, ErrWire
		}
		if e.Meta, err = event.DecodeMeta(after); err != nil {
			return event.Full{}, false, nil, ErrWire
		}
	}
	e.TimestampUS, e.Timed = int64(le.Uint64(f[fullTimestamp:])), true
	e.PayloadSize = le.Uint32(f[fullPayloadSize:])
	e.Flags = uint8(le.Uint32(f[fullFlags:]))
	copy(e.ContentHash[:], f[fullContentHash:])
	return e, true, b[length:], nil
}
