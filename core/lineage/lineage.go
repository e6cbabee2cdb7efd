// Package lineage reads and writes store.thaw: which store this is, where it was forked
// from, and what was removed from it.
//
// A store that was never compacted, forked or salvaged has no such file. Its identity is
// then the id of its first event. The file is replaced as a whole, by a rename. All
// integers are little-endian:
//
//	offset  size  field
//	0       8     magic "THAWLINE"
//	8       2     version, 1
//	10      2     zero; readers refuse other values, like another version
//	12      4     CRC-32 (IEEE) of every byte from offset 16 to the end of the file
//	16      16    identity, in the order of an id's text; zero: the id of the first event
//	32      8     generation: how often events were removed or rewritten
//	40      8     next sequence: no later event has a lower one; at most 2^63
//	48      16    identity of the store that this one was forked from; zero: none
//	64      8     the last sequence that it has in common with that store; 0 if none
//	72      4     number of removals, at most 4096
//	76      4     zero; as above
//	80      48·n  removals, by rising generation
//
// A removal:
//
//	offset  size  field
//	0       8     generation that the store had afterwards, at most that of the file
//	8       8     first sequence
//	16      8     end: the sequence after the last one, above the first
//	24      8     how many events were removed, at most end - first
//	32      8     when, in milliseconds since 1970
//	40      1     mode: 1 dropped, 2 tombstoned, 3 redacted, 4 lost
//	41      7     zero; as above
//
// The number of events is 0 only for lost ones, and then unknown. The file is exactly as
// long as the number of removals says.
//
// Two stores with one identity hold the same events, except for what was removed from one
// of them, and as far as the shorter one goes. A copy, a backup and a compacted store keep
// the identity. A fork gets another one, since it and its origin give the same sequences to
// different events.
package lineage

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
)

const (
	// FileName is the file's name in a store's directory.
	FileName = "store.thaw"
	// MaxRemovals bounds the removals of a file. See [Lineage.Add].
	MaxRemovals = 4096
	// MaxSize is the size of the largest file in bytes.
	MaxSize = headSize + MaxRemovals*removalSize

	magic   = "THAWLINE"
	version = 1

	offVersion    = 8
	offZero       = 10
	offCRC        = 12
	offChecked    = 16
	offIdentity   = 16
	offGeneration = 32
	offNext       = 40
	offOrigin     = 48
	offForkedAt   = 64
	offCount      = 72
	offZeroAgain  = 76
	headSize      = 80

	offRemovalFirst  = 8
	offRemovalEnd    = 16
	offRemovalEvents = 24
	offRemovalWallMS = 32
	offRemovalMode   = 40
	offRemovalZero   = 41
	removalSize      = 48
)

// Lineage is the content of store.thaw.
type Lineage struct {
	// Identity is the store's identity. Zero means that it is the id of the first event.
	Identity event.ID
	// Generation rises by one whenever events are removed or rewritten.
	Generation uint64
	// Origin is where the store was forked from, nil if it was not.
	Origin *Origin
	// NextSequence bounds the sequences of later events from below. The events that had
	// lower ones may be removed.
	NextSequence uint64
	// Removals are what was removed, by rising generation. Use Add to append to them.
	Removals []Removal
}

// Origin is the store that a fork was made from.
type Origin struct {
	// Store is the identity of the origin, never zero.
	Store event.ID
	// Sequence is that of the last event that the fork has in common with it.
	Sequence uint64
}

// Mode says how events were removed.
type Mode uint8

const (
	// Dropped events have no frame any more.
	Dropped Mode = 1 + iota
	// Tombstoned events keep their place, with kind 0x0FFE and without a payload.
	Tombstoned
	// Redacted events have lost their payload and metadata, and nothing else.
	Redacted
	// Lost events were damaged, and a salvage did without them.
	Lost
)

var modes = [...]string{Dropped: "dropped", Tombstoned: "tombstoned", Redacted: "redacted", Lost: "lost"}

// String returns the mode in lower case, "" for an unknown one.
func (m Mode) String() string {
	if int(m) >= len(modes) {
		return ""
	}
	return modes[m]
}

// Removal is some events that were removed together.
type Removal struct {
	// Generation is that of the store afterwards.
	Generation uint64
	Mode       Mode
	// First and End bound the sequences of the removed events, End exclusive. Other events
	// may lie between them.
	First, End uint64
	// Events counts them. It is 0 for a number of lost events that is not known.
	Events uint64
	// WallMS is when they were removed, in milliseconds since 1970.
	WallMS uint64
}

// validate returns the offset within a removal of the first field that is not valid.
func (r *Removal) validate() (at int, ok bool) {
	switch {
	case r.Mode < Dropped || r.Mode > Lost:
		return offRemovalMode, false
	case r.End <= r.First:
		return offRemovalEnd, false
	case r.Events > r.End-r.First || r.Events == 0 && r.Mode != Lost:
		return offRemovalEvents, false
	}
	return 0, true
}

// AppendFile appends the content of the file to dst. l must be one that Decode could
// return; other numbers give a file that Decode refuses.
func AppendFile(dst []byte, l *Lineage) []byte {
	start := len(dst)
	var head [headSize]byte
	copy(head[:], magic)
	binary.LittleEndian.PutUint16(head[offVersion:], version)
	copy(head[offIdentity:], l.Identity[:])
	binary.LittleEndian.PutUint64(head[offGeneration:], l.Generation)
	binary.LittleEndian.PutUint64(head[offNext:], l.NextSequence)
	if l.Origin != nil {
		copy(head[offOrigin:], l.Origin.Store[:])
		binary.LittleEndian.PutUint64(head[offForkedAt:], l.Origin.Sequence)
	}
	binary.LittleEndian.PutUint32(head[offCount:], uint32(len(l.Removals)))
	dst = append(dst, head[:]...)
	for _, r := range l.Removals {
		var b [removalSize]byte
		binary.LittleEndian.PutUint64(b[:], r.Generation)
		binary.LittleEndian.PutUint64(b[offRemovalFirst:], r.First)
		binary.LittleEndian.PutUint64(b[offRemovalEnd:], r.End)
		binary.LittleEndian.PutUint64(b[offRemovalEvents:], r.Events)
		binary.LittleEndian.PutUint64(b[offRemovalWallMS:], r.WallMS)
		b[offRemovalMode] = byte(r.Mode)
		dst = append(dst, b[:]...)
	}
	file := dst[start:]
	binary.LittleEndian.PutUint32(file[offCRC:], crc32.ChecksumIEEE(file[offChecked:]))
	return dst
}

// Decode decodes a whole file. The error is a [damage.Refusal]: short, magic, version,
// length, checksum, allocator for a next sequence above 2^63, or lineage for an origin or a
// removal that cannot be.
func Decode(b []byte) (*Lineage, error) {
	if len(b) < headSize {
		return nil, damage.Refuse(damage.Short, int64(len(b)), nil)
	}
	count := binary.LittleEndian.Uint32(b[offCount:])
	switch {
	case string(b[:len(magic)]) != magic:
		return nil, damage.Refuse(damage.Magic, 0, nil)
	case binary.LittleEndian.Uint16(b[offVersion:]) != version:
		return nil, damage.Refuse(damage.Version, offVersion, nil)
	case binary.LittleEndian.Uint16(b[offZero:]) != 0:
		return nil, damage.Refuse(damage.Version, offZero, nil)
	case count > MaxRemovals || uint64(len(b)) != headSize+uint64(count)*removalSize:
		return nil, damage.Refuse(damage.Length, offCount, nil)
	case crc32.ChecksumIEEE(b[offChecked:]) != binary.LittleEndian.Uint32(b[offCRC:]):
		return nil, damage.Refuse(damage.Checksum, offCRC, nil)
	case binary.LittleEndian.Uint32(b[offZeroAgain:]) != 0:
		return nil, damage.Refuse(damage.Version, offZeroAgain, nil)
	}
	l := &Lineage{
		Identity:     event.ID(b[offIdentity:]),
		Generation:   binary.LittleEndian.Uint64(b[offGeneration:]),
		NextSequence: binary.LittleEndian.Uint64(b[offNext:]),
	}
	if l.NextSequence > artifact.MaxAllocator {
		return nil, damage.Refuse(damage.Allocator, offNext, nil)
	}
	origin := Origin{Store: event.ID(b[offOrigin:offForkedAt]), Sequence: binary.LittleEndian.Uint64(b[offForkedAt:])}
	if !origin.Store.IsZero() {
		l.Origin = &origin
	} else if origin.Sequence != 0 {
		return nil, damage.Refuse(damage.Lineage, offForkedAt, nil)
	}
	if count == 0 {
		return l, nil
	}
	l.Removals = make([]Removal, count)
	before := uint64(0)
	for i := range l.Removals {
		at := headSize + i*removalSize
		r, err := decodeRemoval(b[at:at+removalSize], int64(at))
		if err != nil {
			return nil, err
		}
		if r.Generation < before || r.Generation > l.Generation {
			return nil, damage.Refuse(damage.Lineage, int64(at), nil)
		}
		before = r.Generation
		l.Removals[i] = r
	}
	return l, nil
}

// decodeRemoval decodes the removal at an offset of the file.
func decodeRemoval(b []byte, at int64) (Removal, error) {
	for i := offRemovalZero; i < removalSize; i++ {
		if b[i] != 0 {
			return Removal{}, damage.Refuse(damage.Version, at+int64(i), nil)
		}
	}
	r := Removal{
		Generation: binary.LittleEndian.Uint64(b),
		Mode:       Mode(b[offRemovalMode]),
		First:      binary.LittleEndian.Uint64(b[offRemovalFirst:]),
		End:        binary.LittleEndian.Uint64(b[offRemovalEnd:]),
		Events:     binary.LittleEndian.Uint64(b[offRemovalEvents:]),
		WallMS:     binary.LittleEndian.Uint64(b[offRemovalWallMS:]),
	}
	if field, ok := r.validate(); !ok {
		return Removal{}, damage.Refuse(damage.Lineage, at+int64(field), nil)
	}
	return r, nil
}
