// Package sidx reads and writes the footer of a sealed segment. For every event of the
// segment it repeats the fields that an index needs, and adds the global sequence, which
// frames do not hold.
//
//	part                 bytes
//	string table         MessagePack array of strings, no leading empty string
//	entries              154 each
//	string table offset  u64, from the start of the file: where the frames end
//	entry count          u32
//	magic                "SIDX", the last 4 bytes of the file
//
// An entry, all integers little-endian:
//
//	offset  size  field
//	0       16    event id
//	16      4     entity, number in the string table
//	20      4     scope, number in the string table
//	24      2     kind
//	26      8     wall_ms
//	34      4     clock
//	38      32    prev_hash
//	70      32    event_hash
//	102     8     frame offset
//	110     4     frame length
//	114     8     global sequence
//	122     16    correlation id
//	138     16    causation id, 0 is none
//
// A footer has no checksum, and a scope name at the end of the last frame can imitate
// one. So a footer is a hint: package replay takes sequences from it only if it starts
// exactly where a walk over the frames ends and agrees with the frame of every event.
package sidx

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/strtab"
)

const (
	// EntrySize is the size of one entry in bytes.
	EntrySize = 154
	// TrailerSize is the size in bytes of the trailer, which follows the entries.
	TrailerSize = 16
	// MinSize is the size in bytes of a footer without entries.
	MinSize = 1 + TrailerSize

	magic = "SIDX"

	offEventID     = 0
	offEntity      = 16
	offScope       = 20
	offKind        = 24
	offWallMS      = 26
	offClock       = 34
	offPrevHash    = 38
	offEventHash   = 70
	offFrameOffset = 102
	offFrameLength = 110
	offSequence    = 114
	offCorrelation = 122
	offCausation   = 138

	trailerCount = 8
	trailerMagic = 12
)

// Trailer is the fixed end of a footer.
type Trailer struct {
	// TableOffset is the offset of the string table in the file.
	TableOffset uint64
	Entries     uint32
}

// DecodeTrailer decodes the last 16 bytes of a file. ok is false if they do not end in the
// magic; then the file has no footer.
func DecodeTrailer(b []byte) (t Trailer, ok bool) {
	if len(b) != TrailerSize || string(b[trailerMagic:]) != magic {
		return t, false
	}
	t.TableOffset = binary.LittleEndian.Uint64(b)
	t.Entries = binary.LittleEndian.Uint32(b[trailerCount:])
	return t, true
}

// MaxSize returns the size of the largest footer with n entries, each of which adds at most
// two names.
func MaxSize(n uint32) uint64 {
	return 5 + uint64(n)*(EntrySize+2*(3+event.MaxName)) + TrailerSize
}

// Footer is a decoded footer. It aliases the bytes it was decoded from.
type Footer struct {
	Names   *strtab.Table
	entries []byte
}

// Decode decodes a whole footer, from its string table to the end of the file; at is the
// offset of its first byte in the file. The error is a [damage.Refusal] of reason footer.
func Decode(b []byte, at uint64) (*Footer, error) {
	if len(b) < MinSize {
		return nil, refuse(len(b))
	}
	t, ok := DecodeTrailer(b[len(b)-TrailerSize:])
	space := uint64(len(b) - TrailerSize)
	if !ok || t.TableOffset != at || uint64(t.Entries)*EntrySize > space {
		return nil, refuse(len(b) - TrailerSize)
	}
	table := int(space - uint64(t.Entries)*EntrySize)
	names, err := strtab.DecodeNames(b[:table])
	if err != nil {
		return nil, damage.Refuse(damage.Footer, int64(at), err)
	}
	return &Footer{Names: names, entries: b[table:space]}, nil
}

func refuse(offset int) error { return damage.Refuse(damage.Footer, int64(offset), nil) }

// Len returns the number of entries.
func (f *Footer) Len() int { return len(f.entries) / EntrySize }

// Entry decodes entry i, which must be below Len. Its position has no segment, and the
// numbers of its names may lie outside Names.
func (f *Footer) Entry(i int) event.Record {
	b := f.entries[i*EntrySize : (i+1)*EntrySize]
	return event.Record{
		Facts: event.Facts{
			ID:          event.IDFromLE(b[offEventID:]),
			Kind:        event.Kind(binary.LittleEndian.Uint16(b[offKind:])),
			WallMS:      binary.LittleEndian.Uint64(b[offWallMS:]),
			Clock:       binary.LittleEndian.Uint32(b[offClock:]),
			PrevHash:    event.Hash(b[offPrevHash:offEventHash]),
			EventHash:   event.Hash(b[offEventHash:offFrameOffset]),
			Sequence:    binary.LittleEndian.Uint64(b[offSequence:]),
			Correlation: event.IDFromLE(b[offCorrelation:]),
			Causation:   event.IDFromLE(b[offCausation:]),
			Position: event.Position{
				Offset: binary.LittleEndian.Uint64(b[offFrameOffset:]),
				Length: binary.LittleEndian.Uint32(b[offFrameLength:]),
			},
		},
		Entity: binary.LittleEndian.Uint32(b[offEntity:]),
		Scope:  binary.LittleEndian.Uint32(b[offScope:]),
	}
}

// Raw returns the EntrySize bytes of entry i.
func (f *Footer) Raw(i int) []byte { return f.entries[i*EntrySize : (i+1)*EntrySize] }

// Says reports whether entry i has these facts, sequence and segment aside.
func (f *Footer) Says(i int, facts *event.Facts) bool {
	b := f.Raw(i)
	return event.IDFromLE(b[offEventID:]) == facts.ID &&
		event.Kind(binary.LittleEndian.Uint16(b[offKind:])) == facts.Kind &&
		binary.LittleEndian.Uint64(b[offWallMS:]) == facts.WallMS &&
		binary.LittleEndian.Uint32(b[offClock:]) == facts.Clock &&
		string(b[offPrevHash:offEventHash]) == string(facts.PrevHash[:]) &&
		string(b[offEventHash:offFrameOffset]) == string(facts.EventHash[:]) &&
		f.Position(i, facts.Position.Segment) == facts.Position &&
		event.IDFromLE(b[offCorrelation:]) == facts.Correlation &&
		event.IDFromLE(b[offCausation:]) == facts.Causation
}

// EntryNames returns the numbers of the names of entry i, which may lie outside Names.
func (f *Footer) EntryNames(i int) (entity, scope uint32) {
	b := f.Raw(i)
	return binary.LittleEndian.Uint32(b[offEntity:]), binary.LittleEndian.Uint32(b[offScope:])
}

// Position returns the position of the frame of entry i, in the given segment.
func (f *Footer) Position(i int, segment uint64) event.Position {
	return event.Position{
		Segment: segment,
		Offset:  f.FrameOffset(i),
		Length:  binary.LittleEndian.Uint32(f.entries[i*EntrySize+offFrameLength:]),
	}
}

// Sequence returns the global sequence of entry i.
func (f *Footer) Sequence(i int) uint64 {
	return binary.LittleEndian.Uint64(f.entries[i*EntrySize+offSequence:])
}

// FrameOffset returns the frame offset of entry i.
func (f *Footer) FrameOffset(i int) uint64 {
	return binary.LittleEndian.Uint64(f.entries[i*EntrySize+offFrameOffset:])
}

// AppendEntry appends one entry to dst.
func AppendEntry(dst []byte, r *event.Record) []byte {
	var b [EntrySize]byte
	r.ID.PutLE(b[offEventID:])
	binary.LittleEndian.PutUint32(b[offEntity:], r.Entity)
	binary.LittleEndian.PutUint32(b[offScope:], r.Scope)
	binary.LittleEndian.PutUint16(b[offKind:], uint16(r.Kind))
	binary.LittleEndian.PutUint64(b[offWallMS:], r.WallMS)
	binary.LittleEndian.PutUint32(b[offClock:], r.Clock)
	copy(b[offPrevHash:], r.PrevHash[:])
	copy(b[offEventHash:], r.EventHash[:])
	binary.LittleEndian.PutUint64(b[offFrameOffset:], r.Position.Offset)
	binary.LittleEndian.PutUint32(b[offFrameLength:], r.Position.Length)
	binary.LittleEndian.PutUint64(b[offSequence:], r.Sequence)
	r.Correlation.PutLE(b[offCorrelation:])
	r.Causation.PutLE(b[offCausation:])
	return append(dst, b[:]...)
}

// AppendTrailer appends the trailer to dst, after the string table and the entries.
func AppendTrailer(dst []byte, t Trailer) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, t.TableOffset)
	dst = binary.LittleEndian.AppendUint32(dst, t.Entries)
	return append(dst, magic...)
}

// Salvage decodes a footer whose trailer is damaged or cut short: a string table followed
// by whole entries and at most 16 bytes. ok is false if b is not one. Like any footer,
// it must be checked against the frames.
func Salvage(b []byte) (f *Footer, ok bool) {
	var r msgpack.Reader
	r.Reset(b)
	if r.Array(); r.Err() != nil {
		return nil, false
	}
	r.Reset(b)
	table := len(r.Skip())
	entries := (len(b) - table) / EntrySize
	if r.Err() != nil || entries == 0 || len(b)-table-entries*EntrySize > TrailerSize {
		return nil, false
	}
	names, err := strtab.DecodeNames(b[:table])
	if err != nil {
		return nil, false
	}
	return &Footer{Names: names, entries: b[table : table+entries*EntrySize]}, true
}
