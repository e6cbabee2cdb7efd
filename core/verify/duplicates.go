package verify

import (
	"encoding/binary"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/strtab"
)

// duplicates finds events that share an id. First add collects 4 bytes of hash per id, of
// which 3 are stored; then again compares the ids whose hashes collide.
type duplicates struct {
	seed uint64
	// buckets holds the lower three bytes of the hashes by their top byte, in chunks,
	// since slices that grow by copying would leave much memory unused.
	buckets [256][][]byte
	// For each hash shared by several ids, in rising order: the hash, the start of its
	// ids in ids, and how many of them were seen.
	hashes, from, seen []uint32
	ids                []event.ID
}

func (d *duplicates) hash(hi, lo uint64) uint32 {
	return uint32(strtab.Mix(strtab.Mix(lo^d.seed, 0x9E3779B97F4A7C15)^hi, 0xD6E8FEB86659FD93) >> 32)
}

// add adds the id of an event.
func (d *duplicates) add(r artifact.Raw) {
	h := d.hash(r.IDHalves())
	b := &d.buckets[h>>24]
	if n := len(*b); n == 0 || len((*b)[n-1]) == cap((*b)[n-1]) {
		*b = append(*b, make([]byte, 0, 3*min(maxChunk, 16<<min(n, 16))))
	}
	last := &(*b)[len(*b)-1]
	*last = append(*last, byte(h>>16), byte(h>>8), byte(h))
}

// maxChunk bounds the hashes of one chunk.
const maxChunk = 2048

// finish finds the colliding hashes, once all ids were added.
func (d *duplicates) finish() {
	total := uint32(0)
	var b []uint32
	for top, chunks := range d.buckets {
		b = b[:0]
		for _, chunk := range chunks {
			for ; len(chunk) > 0; chunk = chunk[3:] {
				b = append(b, uint32(top)<<24|uint32(chunk[0])<<16|uint32(chunk[1])<<8|uint32(chunk[2]))
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

// again reports whether an earlier event has the id. It must be called once for each id
// that was added, in order.
func (d *duplicates) again(id event.ID) bool {
	k, ok := slices.BinarySearch(d.hashes, d.hash(binary.BigEndian.Uint64(id[:]), binary.BigEndian.Uint64(id[8:])))
	if !ok {
		return false
	}
	slots := d.ids[d.from[k]:]
	if k+1 < len(d.from) {
		slots = d.ids[d.from[k]:d.from[k+1]]
	}
	seen := d.seen[k]
	if slices.Contains(slots[:seen], id) {
		return true
	}
	if seen < uint32(len(slots)) { // always, unless the segment changed meanwhile
		slots[seen] = id
		d.seen[k]++
	}
	return false
}
