package artifact

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/event"
)

const (
	// RecordSize is the size of one record in bytes.
	RecordSize = 162

	offEventID     = 0
	offEntity      = 16
	offScope       = 20
	offKind        = 24
	offWallMS      = 26
	offClock       = 34
	offPrevHash    = 38
	offEventHash   = 70
	offSegment     = 102
	offFrameOffset = 110
	offFrameLength = 118
	offSequence    = 122
	offCorrelation = 130
	offCausation   = 146
)

// Raw is one record in its encoded form, for readers that need only some of its
// fields. It must be RecordSize bytes long.
type Raw []byte

// ID returns the event id.
func (r Raw) ID() event.ID { return event.IDFromLE(r[offEventID:]) }

// Entity returns the entity's number in the string table, unchecked.
func (r Raw) Entity() uint32 { return binary.LittleEndian.Uint32(r[offEntity:]) }

// Scope returns the scope's number in the string table, unchecked.
func (r Raw) Scope() uint32 { return binary.LittleEndian.Uint32(r[offScope:]) }

// Kind returns the event's kind.
func (r Raw) Kind() event.Kind { return event.Kind(binary.LittleEndian.Uint16(r[offKind:])) }

// WallMS returns the entity's clock in ms since 1970.
func (r Raw) WallMS() uint64 { return binary.LittleEndian.Uint64(r[offWallMS:]) }

// Clock returns the event's number within its entity.
func (r Raw) Clock() uint32 { return binary.LittleEndian.Uint32(r[offClock:]) }

// Sequence returns the global sequence.
func (r Raw) Sequence() uint64 { return binary.LittleEndian.Uint64(r[offSequence:]) }

// Correlation returns the correlation id.
func (r Raw) Correlation() event.ID { return event.IDFromLE(r[offCorrelation:]) }

// Causation returns the causation id, zero for none.
func (r Raw) Causation() event.ID { return event.IDFromLE(r[offCausation:]) }

// Position returns the position of the frame.
func (r Raw) Position() event.Position {
	return event.Position{
		Segment: binary.LittleEndian.Uint64(r[offSegment:]),
		Offset:  binary.LittleEndian.Uint64(r[offFrameOffset:]),
		Length:  binary.LittleEndian.Uint32(r[offFrameLength:]),
	}
}

// The halves of an id are its first and its last 8 bytes as numbers. They
// compare like the id and need no copy.

// IDHalves returns ID as two numbers.
func (r Raw) IDHalves() (hi, lo uint64) { return r.halves(offEventID) }

// CorrelationHalves returns Correlation as two numbers.
func (r Raw) CorrelationHalves() (hi, lo uint64) { return r.halves(offCorrelation) }

// CausationHalves returns Causation as two numbers, both zero for none.
func (r Raw) CausationHalves() (hi, lo uint64) { return r.halves(offCausation) }

func (r Raw) halves(at int) (hi, lo uint64) {
	return binary.LittleEndian.Uint64(r[at+8:]), binary.LittleEndian.Uint64(r[at:])
}

// CorrelatesSelf reports whether the correlation id is the event's own.
func (r Raw) CorrelatesSelf() bool {
	hi, lo := r.IDHalves()
	chi, clo := r.CorrelationHalves()
	return hi == chi && lo == clo
}

// Decode decodes every field.
func (r Raw) Decode() (rec event.Record) {
	r.DecodeFacts(&rec.Facts)
	rec.Entity, rec.Scope = r.Entity(), r.Scope()
	return rec
}

// DecodeFacts decodes every field except the numbers of the names.
func (r Raw) DecodeFacts(f *event.Facts) {
	_ = r[RecordSize-1]
	f.Sequence = r.Sequence()
	f.ID = r.ID()
	f.Correlation = r.Correlation()
	f.Causation = r.Causation()
	f.Kind = r.Kind()
	f.WallMS = r.WallMS()
	f.Clock = r.Clock()
	f.PrevHash = event.Hash(r[offPrevHash:offEventHash])
	f.EventHash = event.Hash(r[offEventHash:offSegment])
	f.Position = r.Position()
}

// SetSequence overwrites the sequence in place.
func (r Raw) SetSequence(n uint64) { binary.LittleEndian.PutUint64(r[offSequence:], n) }

// SetKind overwrites the kind in place.
func (r Raw) SetKind(k event.Kind) { binary.LittleEndian.PutUint16(r[offKind:], uint16(k)) }

// SetPosition overwrites the position of the frame in place.
func (r Raw) SetPosition(p event.Position) {
	binary.LittleEndian.PutUint64(r[offSegment:], p.Segment)
	binary.LittleEndian.PutUint64(r[offFrameOffset:], p.Offset)
	binary.LittleEndian.PutUint32(r[offFrameLength:], p.Length)
}

// SetNames overwrites the numbers of the names in place.
func (r Raw) SetNames(entity, scope uint32) {
	binary.LittleEndian.PutUint32(r[offEntity:], entity)
	binary.LittleEndian.PutUint32(r[offScope:], scope)
}

// AppendRecord appends the encoded record to dst.
func AppendRecord(dst []byte, r *event.Record) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, RecordSize)...)
	b := dst[at:]
	r.ID.PutLE(b[offEventID:])
	binary.LittleEndian.PutUint32(b[offEntity:], r.Entity)
	binary.LittleEndian.PutUint32(b[offScope:], r.Scope)
	binary.LittleEndian.PutUint16(b[offKind:], uint16(r.Kind))
	binary.LittleEndian.PutUint64(b[offWallMS:], r.WallMS)
	binary.LittleEndian.PutUint32(b[offClock:], r.Clock)
	copy(b[offPrevHash:], r.PrevHash[:])
	copy(b[offEventHash:], r.EventHash[:])
	binary.LittleEndian.PutUint64(b[offSegment:], r.Position.Segment)
	binary.LittleEndian.PutUint64(b[offFrameOffset:], r.Position.Offset)
	binary.LittleEndian.PutUint32(b[offFrameLength:], r.Position.Length)
	binary.LittleEndian.PutUint64(b[offSequence:], r.Sequence)
	r.Correlation.PutLE(b[offCorrelation:])
	r.Causation.PutLE(b[offCausation:])
	return dst
}

// AppendEntry appends the record as an entry of a segment's footer, which is a record without
// the segment id before the frame's offset (see package sidx), with other numbers of its names.
func (r Raw) AppendEntry(dst []byte, entity, scope uint32) []byte {
	at := len(dst)
	dst = append(dst, r[:offSegment]...)
	dst = append(dst, r[offSegment+8:RecordSize]...)
	Raw(dst[at:]).SetNames(entity, scope)
	return dst
}
