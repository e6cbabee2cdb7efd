package artifact

import (
	"encoding/binary"
	"math"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
)

const (
	// FileName is the artifact's name in a store's directory.
	FileName = "index.fbati"
	// HeaderSize is the size of the header in bytes; the string table follows it.
	HeaderSize = 56
	// MaxAllocator is the highest next sequence that a file may claim. The
	// format calls the next sequence "allocator"; so do the field and the
	// constant.
	MaxAllocator = 1 << 63
	// MaxRecords is the highest number of records that an index can number.
	MaxRecords = math.MaxUint32 - 1

	magic   = "FBATIX"
	version = 1

	offVersion          = 6
	offCRC              = 8
	offChecked          = 12 // first byte that the checksum covers
	offWatermarkSegment = 12
	offWatermarkOffset  = 20
	offAllocator        = 28
	offStringCount      = 36
	offRecordCount      = 40
	offTableSize        = 48
)

// Watermark divides a log: the artifact covers everything before it, and the
// tail starts at it.
type Watermark struct {
	Segment, Offset uint64
}

// Covers reports whether a frame lies before w.
func (w Watermark) Covers(p event.Position) bool {
	return p.Segment < w.Segment || p.Segment == w.Segment && p.Offset < w.Offset
}

// Header is the header of an artifact.
type Header struct {
	CRC       uint32
	Watermark Watermark
	Allocator uint64
	Strings   uint32
	Records   uint64
	TableSize uint64
}

// DecodeHeader decodes the header of an artifact that is size bytes long. b
// holds its first bytes, 56 of them unless the file is shorter. The error is a
// [damage.Refusal]: short, magic, version, overflow, length or records.
func DecodeHeader(b []byte, size int64) (h Header, err error) {
	if len(b) < HeaderSize || size < HeaderSize {
		return h, damage.Refuse(damage.Short, size, nil)
	}
	if string(b[:len(magic)]) != magic {
		return h, damage.Refuse(damage.Magic, 0, nil)
	}
	if binary.LittleEndian.Uint16(b[offVersion:]) != version {
		return h, damage.Refuse(damage.Version, offVersion, nil)
	}
	h = Header{
		CRC: binary.LittleEndian.Uint32(b[offCRC:]),
		Watermark: Watermark{
			Segment: binary.LittleEndian.Uint64(b[offWatermarkSegment:]),
			Offset:  binary.LittleEndian.Uint64(b[offWatermarkOffset:]),
		},
		Allocator: binary.LittleEndian.Uint64(b[offAllocator:]),
		Strings:   binary.LittleEndian.Uint32(b[offStringCount:]),
		Records:   binary.LittleEndian.Uint64(b[offRecordCount:]),
		TableSize: binary.LittleEndian.Uint64(b[offTableSize:]),
	}
	if h.Records > (math.MaxInt64-HeaderSize)/RecordSize ||
		h.TableSize > math.MaxInt64-HeaderSize-h.Records*RecordSize {
		return Header{}, damage.Refuse(damage.Overflow, offRecordCount, nil)
	}
	if h.size() != uint64(size) {
		return Header{}, damage.Refuse(damage.Length, offRecordCount, nil)
	}
	if h.TableSize > min(math.MaxUint32, math.MaxInt-HeaderSize) { // more than offsets can say
		return Header{}, damage.Refuse(damage.Strings, offTableSize, nil)
	}
	if h.Records > MaxRecords {
		return Header{}, damage.Refuse(damage.Records, offRecordCount, nil)
	}
	return h, nil
}

// size returns the length of the file that the header describes.
func (h *Header) size() uint64 { return h.RecordsAt() + h.Records*RecordSize }

// RecordsAt returns the offset of the first record.
func (h *Header) RecordsAt() uint64 { return HeaderSize + h.TableSize }

// AppendHeader appends the 56 bytes of h to dst.
func AppendHeader(dst []byte, h *Header) []byte {
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint16(dst, version)
	dst = binary.LittleEndian.AppendUint32(dst, h.CRC)
	dst = binary.LittleEndian.AppendUint64(dst, h.Watermark.Segment)
	dst = binary.LittleEndian.AppendUint64(dst, h.Watermark.Offset)
	dst = binary.LittleEndian.AppendUint64(dst, h.Allocator)
	dst = binary.LittleEndian.AppendUint32(dst, h.Strings)
	dst = binary.LittleEndian.AppendUint64(dst, h.Records)
	return binary.LittleEndian.AppendUint64(dst, h.TableSize)
}
