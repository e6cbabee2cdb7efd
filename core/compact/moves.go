package compact

import (
	"slices"
	"sort"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// moves says where the frames of the replaced segments went. Frames keep their order, so a few
// extents say it of all: where nothing was removed, one for each replaced segment.
//
// Places are counted over all replaced segments, and over all new ones, as if each followed the
// one before.
type moves struct {
	from, to files
	extents  []extent
	rewrites []rewrite
}

// extent is bytes that were copied together.
type extent struct{ from, to, length uint64 }

// rewrite is a frame with another content. It is an extent of its own, of the old length.
type rewrite struct {
	from   uint64
	length uint32
	kind   event.Kind
}

// files gives the bytes of several segments places in a row.
type files struct {
	ids   []uint64 // rising
	bases []uint64
}

// add adds a segment of a length, after the last one.
func (f *files) add(id, base uint64) {
	f.ids, f.bases = append(f.ids, id), append(f.bases, base)
}

// place returns the place of an offset in a segment; ok is false if it is none of them.
func (f *files) place(id, offset uint64) (place uint64, ok bool) {
	i, ok := slices.BinarySearch(f.ids, id)
	if !ok {
		return 0, false
	}
	return f.bases[i] + offset, true
}

// position returns the segment and the offset of a place.
func (f *files) position(place uint64) (id, offset uint64) {
	i := sort.Search(len(f.bases), func(i int) bool { return f.bases[i] > place }) - 1
	return f.ids[i], place - f.bases[i]
}

// copied notes bytes that were copied from a place to another.
func (m *moves) copied(from, to, length uint64) {
	if n := len(m.extents); n > 0 {
		last := &m.extents[n-1]
		if last.from+last.length == from && last.to+last.length == to {
			last.length += length
			return
		}
	}
	m.extents = append(m.extents, extent{from: from, to: to, length: length})
}

// rewritten notes a frame that has another content.
func (m *moves) rewritten(from, to uint64, old, length uint32, kind event.Kind) {
	m.extents = append(m.extents, extent{from: from, to: to, length: uint64(old)})
	m.rewrites = append(m.rewrites, rewrite{from: from, length: length, kind: kind})
}

// Edit changes a record of an index of before, in place, to what it is afterwards: its position
// and, for a tombstone, its kind. keep is false for a removed event. Records of other segments
// stay. The order of calls does not matter. It is safe for concurrent use.
func (r *Result) Edit(raw artifact.Raw) (keep bool) {
	m, at := &r.moves, raw.Position()
	from, ok := m.from.place(at.Segment, at.Offset)
	if !ok {
		return true
	}
	i := sort.Search(len(m.extents), func(i int) bool { return m.extents[i].from > from }) - 1
	if i < 0 || from-m.extents[i].from >= m.extents[i].length {
		return false
	}
	at.Segment, at.Offset = m.to.position(m.extents[i].to + from - m.extents[i].from)
	k, changed := slices.BinarySearchFunc(m.rewrites, from, func(r rewrite, from uint64) int {
		switch {
		case r.from < from:
			return -1
		case r.from > from:
			return 1
		}
		return 0
	})
	if changed {
		at.Length = m.rewrites[k].length
		raw.SetKind(m.rewrites[k].kind)
	}
	raw.SetPosition(at)
	return true
}
