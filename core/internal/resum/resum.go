// Package resum recomputes the checksums of index.thaw after a test has changed
// its bytes: only verification finds a lie with correct checksums. Only tests
// import it.
package resum

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/pages"
)

const (
	offFlags    = 12
	offSections = 144
	sections    = 14
	offTop      = 1024
	topSums     = (pages.Size - offTop) / pages.SumSize
)

// File recomputes the checksums of an index file in place. outside is the
// artifact when it is another file, nil when the file contains it.
func File(b, outside []byte) {
	le := binary.LittleEndian
	last := offSections + 16*(sections-1)
	end := le.Uint64(b[last:]) + le.Uint64(b[last+8:])
	summed := pages.Count(end) * pages.Size
	var level []byte
	if outside != nil {
		level = sums(outside)
	}
	level = append(level, sums(b[pages.Size:summed])...)
	for at := summed; len(level)/pages.SumSize > topSums; {
		n := copy(b[at:], level)
		size := pages.Count(uint64(n)) * pages.Size
		level = sums(b[at : at+size])
		at += size
	}
	copy(b[offTop:pages.Size], level)
	Header(b)
}

// Header recomputes the checksum of the header alone.
func Header(b []byte) {
	binary.LittleEndian.PutUint32(b[8:], pages.Sum(b[offFlags:pages.Size]))
}

// Section returns where a section lies.
func Section(b []byte, i int) (at, size uint64) {
	le := binary.LittleEndian
	return le.Uint64(b[offSections+16*i:]), le.Uint64(b[offSections+16*i+8:])
}

func sums(b []byte) []byte {
	var s pages.Sums
	s.Add(b)
	return s.Bytes()
}
