package index

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/pages"
)

// FileName is the name of the index file of index.fbati.
const FileName = "index.thaw"

const (
	magic   = "THAWIX"
	version = 1

	offVersion  = 6
	offCRC      = 8
	offChecked  = 12 // first byte of the page that the header's checksum covers
	offFlags    = 12
	offLength   = 16
	offHead     = 24 // of the artifact
	offSize     = 80
	offFirst    = 88
	offLast     = 96
	offNameSeed = 104
	offIDSeed   = 112
	offSegments = 120
	offFrom     = 128
	offSections = 144
	offReserved = offSections + 16*sections
	offTop      = 1024

	// maxLevels bounds the tree: 768 * 1024^3 pages are 3 PiB.
	maxLevels = 3
)

// topSums is the highest number of checksums in the header. Tests lower it to
// build a tree of many levels from a small file.
var topSums uint64 = (pages.Size - offTop) / pages.SumSize

// extent is where a section lies in the file.
type extent struct{ at, size uint64 }

// header is the first page of an index file.
type header struct {
	flags            flags
	length           uint64 // of the file
	head             [artifact.HeaderSize]byte
	size             uint64 // of the artifact
	first, last      uint64
	nameSeed, idSeed uint64
	segments         uint64 // digest of the ids of the segments covered
	from             artifact.Watermark
	sections         [sections]extent
	reserved, top    []byte
}

// append appends the page to dst.
func (h *header) append(dst []byte) []byte {
	page := make([]byte, pages.Size)
	le := binary.LittleEndian
	copy(page, magic)
	le.PutUint16(page[offVersion:], version)
	le.PutUint32(page[offFlags:], uint32(h.flags))
	le.PutUint64(page[offLength:], h.length)
	copy(page[offHead:], h.head[:])
	le.PutUint64(page[offSize:], h.size)
	le.PutUint64(page[offFirst:], h.first)
	le.PutUint64(page[offLast:], h.last)
	le.PutUint64(page[offNameSeed:], h.nameSeed)
	le.PutUint64(page[offIDSeed:], h.idSeed)
	le.PutUint64(page[offSegments:], h.segments)
	le.PutUint64(page[offFrom:], h.from.Segment)
	le.PutUint64(page[offFrom+8:], h.from.Offset)
	for i, s := range h.sections {
		le.PutUint64(page[offSections+16*i:], s.at)
		le.PutUint64(page[offSections+16*i+8:], s.size)
	}
	copy(page[offTop:], h.top)
	le.PutUint32(page[offCRC:], pages.Sum(page[offChecked:]))
	return append(dst, page...)
}

// decode decodes the first page of a file that is size bytes long. It does not
// check that the values make sense: layout does. The error is a
// [damage.Refusal]: short, magic, version, checksum or length.
//
// decode fills in h in place, as layout does. An open is most of the time of
// the first answer, and a growing stack costs a tenth of an open.
func (h *header) decode(page []byte, size int64) error {
	if len(page) < pages.Size {
		return damage.Refuse(damage.Short, size, nil)
	}
	le := binary.LittleEndian
	if string(page[:len(magic)]) != magic {
		return damage.Refuse(damage.Magic, 0, nil)
	}
	if le.Uint16(page[offVersion:]) != version {
		return damage.Refuse(damage.Version, offVersion, nil)
	}
	if le.Uint32(page[offCRC:]) != pages.Sum(page[offChecked:pages.Size]) {
		return damage.Refuse(damage.Checksum, offCRC, nil)
	}
	h.flags = flags(le.Uint32(page[offFlags:]))
	h.length = le.Uint64(page[offLength:])
	copy(h.head[:], page[offHead:])
	h.size = le.Uint64(page[offSize:])
	h.first = le.Uint64(page[offFirst:])
	h.last = le.Uint64(page[offLast:])
	h.nameSeed = le.Uint64(page[offNameSeed:])
	h.idSeed = le.Uint64(page[offIDSeed:])
	h.segments = le.Uint64(page[offSegments:])
	h.from.Segment = le.Uint64(page[offFrom:])
	h.from.Offset = le.Uint64(page[offFrom+8:])
	h.reserved = page[offReserved:offTop]
	h.top = page[offTop:pages.Size:pages.Size]
	for i := range h.sections {
		e := &h.sections[i]
		e.at, e.size = le.Uint64(page[offSections+16*i:]), le.Uint64(page[offSections+16*i+8:])
	}
	if h.length != uint64(size) {
		return damage.Refuse(damage.Length, offLength, nil)
	}
	return nil
}

// flagContained: the file contains the artifact, after the header.
const flagContained = 1 << 31

func (h *header) contained() bool { return h.flags&flagContained != 0 }
