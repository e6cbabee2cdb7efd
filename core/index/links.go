package index

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// link is a record under an id, in the lists that are sorted by id.
type link struct {
	hi, lo uint64
	record uint32
}

// A list grown by doubling would leave three times its size as garbage, so links are in
// chunks. Each is twice as long as the one before, from firstChunk up to linkChunk links:
// the index of a small store, or of a short tail, needs little memory.
const (
	firstChunk = 64
	linkChunk  = 4096
)

// links collects links by rising record number.
type links struct {
	chunks [][]link
	count  int
}

func (l *links) add(hi, lo uint64, record uint32) {
	n := len(l.chunks)
	if n == 0 || len(l.chunks[n-1]) == cap(l.chunks[n-1]) {
		l.chunks = append(l.chunks, make([]link, 0, min(firstChunk<<min(n, 16), linkChunk)))
	}
	last := &l.chunks[len(l.chunks)-1]
	*last = append(*last, link{hi: hi, lo: lo, record: record})
	l.count++
}

// sorted returns the record numbers in the order of (id, number) as a section,
// and empties l.
func (l *links) sorted() []byte {
	all := make([]link, 0, l.count)
	for i, chunk := range l.chunks {
		all = append(all, chunk...)
		l.chunks[i] = nil
	}
	*l = links{}
	slices.SortFunc(all, func(a, b link) int {
		if a.hi != b.hi {
			return cmp.Compare(a.hi, b.hi)
		}
		if a.lo != b.lo {
			return cmp.Compare(a.lo, b.lo)
		}
		return cmp.Compare(a.record, b.record)
	})
	out := make([]byte, 0, 4*len(all))
	for i := range all {
		out = binary.LittleEndian.AppendUint32(out, all[i].record)
	}
	return out
}
