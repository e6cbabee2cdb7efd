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

// Sum returns the checksum of one page, or of other bytes summed as one.
func Sum(page []byte) uint32 { return crc32.Checksum(page, castagnoli) }

// Count returns the number of pages in size bytes.
func Count(size uint64) uint64 { return size/Size + (size%Size+Size-1)/Size }

// Sums computes the checksums of the pages of a file, from its bytes in order.
// The first page may change afterwards, for a file whose header is written
// last. The zero Sums is ready for use.
type Sums struct {
	sums  []byte
	first []byte // a copy of the first page
	part  uint32 // of the page that is not full
	fill  int    // bytes in it
}

// Add adds the next bytes.
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

// Bytes ends the file and returns the checksums of its pages, in a slice
// without spare capacity. Nothing may be added afterwards.
func (s *Sums) Bytes() []byte {
	if s.fill > 0 {
		s.end()
	}
	if len(s.sums) > 0 {
		binary.LittleEndian.PutUint32(s.sums, Sum(s.first))
	}
	return s.sums[:len(s.sums):len(s.sums)]
}
