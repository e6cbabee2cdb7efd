package pages

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	// Size is the length of a page in bytes.
	Size = 4096
	// SumSize is the length of a checksum in bytes.
	SumSize = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Sum is the checksum of one page, or of anything else that is summed as one.
func Sum(page []byte) uint32 { return crc32.Checksum(page, castagnoli) }

// Count is the number of pages in size bytes.
func Count(size uint64) uint64 { return size/Size + (size%Size+Size-1)/Size }

// Sums takes the bytes of a file in order and makes the checksums of its pages.
// The first page may be changed afterwards: a file whose header is known last is
// written that way. The zero Sums is ready for use.
type Sums struct {
	sums  []byte
	first []byte // a copy of the first page
	part  uint32 // of the page that is not full
	fill  int    // bytes in it
}

// Add takes the next bytes.
func (s *Sums) Add(b []byte) {
	s.first = append(s.first, b[:min(len(b), Size-len(s.first))]...)
	for len(b) > 0 {
		n := min(len(b), Size-s.fill)
		s.part = crc32.Update(s.part, castagnoli, b[:n])
		if s.fill += n; s.fill == Size {
			s.end()
		}
		b = b[n:]
	}
}

func (s *Sums) end() {
	s.sums = binary.LittleEndian.AppendUint32(s.sums, s.part)
	s.part, s.fill = 0, 0
}

// Patch replaces the first bytes of the file, which must have been added.
func (s *Sums) Patch(b []byte) { copy(s.first, b) }

// Bytes ends the file and returns the checksums of its pages, in a slice that has
// no room behind it. Nothing may be added afterwards.
func (s *Sums) Bytes() []byte {
	if s.fill > 0 {
		s.end()
	}
	if len(s.sums) > 0 {
		binary.LittleEndian.PutUint32(s.sums, Sum(s.first))
	}
	return s.sums[:len(s.sums):len(s.sums)]
}
