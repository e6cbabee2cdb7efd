package verify

import (
	"encoding/binary"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/strtab"
)

// duplicates finds events that share an id: first all ids are filed as 3 bytes of hash,
// then those whose hash several have are compared.
type duplicates struct {
	seed uint64
	// buckets are the hashes by their top byte, the lower three of each, in pieces: what
	// grows by copying would leave much unused.
	buckets [256][][]byte
	// Of the hashes that several ids have: the hashes, rising, where their ids begin in
	// ids, and how many were seen.
	hashes, from, seen []uint32
	ids                []event.ID
}

func (d *duplicates) hash(hi, lo uint64) uint32 {
	return uint32(strtab.Mix(strtab.Mix(lo^d.seed, 0x9E3779B97F4A7C15)^hi, 0xD6E8FEB86659FD93) >> 32)
}

// file takes the id of an event.
func (d *duplicates) file(r artifact.Raw) {
	h := d.hash(r.IDHalves())
	b := &d.buckets[h>>24]
	if n := len(*b); n == 0 || len((*b)[n-1]) == cap((*b)[n-1]) {
		*b = append(*b, make([]byte, 0, 3*min(mostInPiece, 16<<min(n, 16))))
	}
	last := &(*b)[len(*b)-1]
	*last = append(*last, byte(h>>16), byte(h>>8), byte(h))
}

// mostInPiece is how many hashes stand in one piece of memory at most.
const mostInPiece = 2048

// filed ends the filing.
func (d *duplicates) filed() {
	total := uint32(0)
	var b []uint32
	for top, pieces := range d.buckets {
		b = b[:0]
		for _, piece := range pieces {
			for ; len(piece) > 0; piece = piece[3:] {
				b = append(b, uint32(top)<<24|uint32(piece[0])<<16|uint32(piece[1])<<8|uint32(piece[2]))
			}
		}
		slices.Sort(b)
		for i := 0; i < len(b); {
			n := 1
			for i+n < len(b) && b[i+n] == b[i] {
				n++
			}
			if n > 1 {
				d.hashes, d.from = append(d.hashes, b[i]), append(d.from, total)
				total += uint32(n)
			}
			i += n
		}
		d.buckets[top] = nil
	}
	d.seen = make([]uint32, len(d.hashes))
	d.ids = make([]event.ID, total)
}

// again reports whether an earlier event has the id. It is asked once for each that
// was filed, in order.
func (d *duplicates) again(id event.ID) bool {
	k, ok := slices.BinarySearch(d.hashes, d.hash(binary.BigEndian.Uint64(id[:]), binary.BigEndian.Uint64(id[8:])))
	if !ok {
		return false
	}
	room := d.ids[d.from[k]:]
	if k+1 < len(d.from) {
		room = d.ids[d.from[k]:d.from[k+1]]
	}
	seen := d.seen[k]
	if slices.Contains(room[:seen], id) {
		return true
	}
	if seen < uint32(len(room)) { // always, unless the segment changed meanwhile
		room[seen] = id
		d.seen[k]++
	}
	return false
}
