// Package synced reads and writes synced.thaw, the sync mark: how much of the
// segment being written is known to be on disk.
//
// Frames do not show whether they were synced. After an unclean stop, damage
// before whole frames is either an acknowledged event that was corrupted, which
// must be reported and kept, or a write that reached the disk in part, which must
// be cut off. The sync mark distinguishes the two: bytes after it were never
// known to be on disk.
//
// The file holds two slots of 64 bytes, at offsets 0 and 64. Readers ignore the
// bytes after them. All integers are little-endian:
//
//	offset  size  field
//	0       8     magic "THAWSYNC"
//	8       2     version, 1
//	10      2     zero
//	12      4     CRC-32 (IEEE) of bytes 16 to 39
//	16      8     segment: the id of the segment being written
//	24      8     offset: everything before it was synced
//	32      8     first: the sequence of the segment's first event
//	40      24    zero; readers refuse other values here and at 10, like another version
//
// One slot, the base, is written and synced before the first frame of a segment.
// The other is rewritten after each sync of the segment and not synced itself: an
// outdated value promises less, but nothing false. It is synced before the base
// is rewritten for the next segment. Writing one slot does not change the bytes
// of the other (the powersafe overwrite that SQLite assumes too), so one of them
// is always valid. The higher place counts. A writer that finds the file uses an
// invalid slot, or else the slot with the lower place, as the base.
//
// The file can be deleted at any time. Without it, damage before whole frames is
// always reported as damage, and only the incomplete end of a segment is cut
// off. batpak ignores the file.
package synced

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/thawlog/thaw/core/damage"
)

const (
	// FileName is the file's name in a store's directory.
	FileName = "synced.thaw"
	// SlotSize is the size of one slot in bytes.
	SlotSize = 64
	// Size is the number of bytes that a reader needs: both slots.
	Size = 2 * SlotSize

	magic   = "THAWSYNC"
	version = 1

	offVersion = 8
	offZero    = 10
	offCRC     = 12
	offChecked = 16
	offSegment = 16
	offOffset  = 24
	offFirst   = 32
	endChecked = 40
)

// Mark is the sync mark: a promise about one segment.
type Mark struct {
	// Segment is the id of the segment, from 1.
	Segment uint64
	// Offset is the first byte that was not known to be on disk.
	Offset uint64
	// First is the sequence of the segment's first event.
	First uint64
}

// Lacks reports whether the segment of m is missing from a store whose newest
// segment is newest. A segment of which m promises nothing may never have been
// created, or was empty and removed. A nil m promises nothing.
func (m *Mark) Lacks(newest uint64) bool {
	return m != nil && m.Segment > newest && m.Offset > 0
}

// after reports whether m promises more than o.
func (m Mark) after(o Mark) bool {
	return m.Segment > o.Segment || m.Segment == o.Segment && m.Offset > o.Offset
}

// AppendSlot appends the 64 bytes of one slot to dst.
func AppendSlot(dst []byte, m Mark) []byte {
	var b [SlotSize]byte
	copy(b[:], magic)
	binary.LittleEndian.PutUint16(b[offVersion:], version)
	binary.LittleEndian.PutUint64(b[offSegment:], m.Segment)
	binary.LittleEndian.PutUint64(b[offOffset:], m.Offset)
	binary.LittleEndian.PutUint64(b[offFirst:], m.First)
	binary.LittleEndian.PutUint32(b[offCRC:], crc32.ChecksumIEEE(b[offChecked:endChecked]))
	return append(dst, b[:]...)
}

// Decode decodes the first bytes of the file, [Size] of them unless the file is
// shorter, and returns the higher of the two marks. The error is a
// [damage.Refusal] when neither slot is valid: short, magic, version or
// checksum, as slot 0 has it.
func Decode(b []byte) (Mark, error) {
	best, why := decodeSlot(b, 0)
	if m, err := decodeSlot(b, SlotSize); err == nil && (why != nil || m.after(best)) {
		return m, nil
	}
	if why != nil {
		return Mark{}, why
	}
	return best, nil
}

// Spare returns the number of the slot that can be overwritten without losing
// the mark that Decode returns: 0 when neither is valid.
func Spare(b []byte) int {
	m, why := decodeSlot(b, 0)
	if o, err := decodeSlot(b, SlotSize); why == nil && (err != nil || !o.after(m)) {
		return 1
	}
	return 0
}

func decodeSlot(b []byte, at int) (m Mark, err error) {
	if len(b) < at+SlotSize {
		return m, damage.Refuse(damage.Short, int64(len(b)), nil)
	}
	b = b[at : at+SlotSize]
	switch {
	case string(b[:len(magic)]) != magic:
		return m, damage.Refuse(damage.Magic, int64(at), nil)
	case binary.LittleEndian.Uint16(b[offVersion:]) != version:
		return m, damage.Refuse(damage.Version, int64(at)+offVersion, nil)
	case binary.LittleEndian.Uint16(b[offZero:]) != 0:
		return m, damage.Refuse(damage.Version, int64(at)+offZero, nil)
	case string(b[endChecked:]) != string(make([]byte, SlotSize-endChecked)):
		return m, damage.Refuse(damage.Version, int64(at)+endChecked, nil)
	case crc32.ChecksumIEEE(b[offChecked:endChecked]) != binary.LittleEndian.Uint32(b[offCRC:]):
		return m, damage.Refuse(damage.Checksum, int64(at)+offCRC, nil)
	}
	m = Mark{
		Segment: binary.LittleEndian.Uint64(b[offSegment:]),
		Offset:  binary.LittleEndian.Uint64(b[offOffset:]),
		First:   binary.LittleEndian.Uint64(b[offFirst:]),
	}
	if m.Segment == 0 {
		return Mark{}, damage.Refuse(damage.SegmentID, int64(at)+offSegment, nil)
	}
	return m, nil
}
