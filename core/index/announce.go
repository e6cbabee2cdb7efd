package index

import (
	"encoding/binary"
	"math"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/source"
)

// announcing returns a source that is told of reads to come, nil if it is of no use.
func announcing(s source.Source) source.Prefetcher {
	if a, ok := s.(source.Prefetcher); ok && a.Prefetches() {
		return a
	}
	return nil
}

// Announces reports whether the Announce methods are of use. They report no errors: the reads
// that follow do.
func (r *Reader) Announces() bool {
	return announcing(r.t.section[secNames]) != nil && announcing(r.img.Records) != nil
}

// AnnounceNames announces calls of Name with these numbers.
func (r *Reader) AnnounceNames(numbers []uint32) {
	extents, names := announcing(r.t.section[secNames]), announcing(r.img.Names)
	if extents == nil || names == nil {
		return
	}
	ranges := r.ranged[:0]
	for _, n := range numbers {
		ranges = append(ranges, source.Range{Off: nameSize * uint64(n), Len: nameSize})
	}
	extents.Prefetch(ranges)
	ranges, w := ranges[:0], r.window(secNames)
	for _, n := range numbers {
		b, err := w.Ahead(nameSize*uint64(n), nameSize, nameSize)
		if err != nil {
			break
		}
		start, size := uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:]))
		if start+size <= r.img.NamesSize {
			ranges = append(ranges, source.Range{Off: r.img.NamesAt + start, Len: size})
		}
	}
	names.Prefetch(ranges)
	r.ranged = ranges[:0]
}

// AnnounceEntities announces calls of Entity with these numbers, AnnounceScopes those of Scope.
func (r *Reader) AnnounceEntities(numbers []uint32) { r.announceEnds(secEntityEnds, numbers) }

// AnnounceScopes announces calls of Scope with these numbers.
func (r *Reader) AnnounceScopes(numbers []uint32) { r.announceEnds(secScopeEnds, numbers) }

func (r *Reader) announceEnds(section int, numbers []uint32) {
	a := announcing(r.t.section[section])
	if a == nil {
		return
	}
	ranges := r.ranged[:0]
	for _, n := range numbers {
		from := uint64(max(n, 1) - 1)
		ranges = append(ranges, source.Range{Off: 4 * from, Len: 4 * (uint64(n) - from + 1)})
	}
	a.Prefetch(ranges)
	r.ranged = ranges[:0]
}

// AnnounceLists announces walks of whole lists, which are of one section.
func (r *Reader) AnnounceLists(lists []List) { r.announceItems(lists, math.MaxUint32) }

// AnnounceExtents announces the reads of the first and the last record of each list, which are
// of one section, and of the items that lead there.
func (r *Reader) AnnounceExtents(lists []List) {
	a := announcing(r.img.Records)
	if a == nil {
		return
	}
	r.announceItems(lists, 1)
	ranges := make([]source.Range, 0, 2*len(lists))
	for _, l := range lists {
		for _, i := range [2]int{0, l.Len() - 1} {
			if l.Len() == 0 {
				continue
			}
			record, err := r.Item(l, i)
			if err != nil {
				return
			}
			ranges = append(ranges, source.Range{Off: r.img.recordAt(record), Len: artifact.RecordSize})
		}
	}
	a.Prefetch(ranges)
}

// announceItems announces reads of lists: of most items from both ends on.
func (r *Reader) announceItems(lists []List, most uint32) {
	if len(lists) == 0 {
		return
	}
	a := announcing(r.t.section[lists[0].section])
	if a == nil {
		return
	}
	ranges := r.ranged[:0]
	for _, l := range lists {
		n := l.to - l.from
		if n <= most {
			ranges = append(ranges, source.Range{Off: 4 * uint64(l.from), Len: 4 * uint64(n)})
			continue
		}
		ranges = append(ranges, source.Range{Off: 4 * uint64(l.from), Len: 4 * uint64(most)}, source.Range{Off: 4 * uint64(l.to-most), Len: 4 * uint64(most)})
	}
	a.Prefetch(ranges)
	r.ranged = ranges[:0]
}

// NameAtHand is NameOfMany for a name that was read before; otherwise it returns
// [source.ErrAbsent], so that the caller can announce many. Of a source that does not lend it
// reads the name.
func (r *Reader) NameAtHand(i uint32) ([]byte, error) {
	w, off := r.window(secNames), nameSize*uint64(i)
	if !w.Lends() || !r.names.Lends() || i >= r.t.strings || off+nameSize > w.Size() {
		return r.NameOfMany(i)
	}
	b, err := w.Lent(off, nameSize, false)
	if err != nil {
		return nil, err
	}
	if len(b) == nameSize {
		start, n := uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:]))
		if start+n <= r.img.NamesSize && n > 0 {
			if b, err = r.names.Lent(r.img.NamesAt+start, n, false); err != nil || b != nil {
				return b, err
			}
		}
	}
	return r.NameOfMany(i)
}
