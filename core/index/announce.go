package index

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/source"
)

// Announces reports whether the Announce methods are of use. They report no errors: the reads
// that follow do. Like the others here it is not inlined, since modules should be small.
//
//go:noinline
func (r *Reader) Announces() bool {
	a, ok := r.img.Records.(source.Prefetcher)
	return ok && a.Prefetches()
}

// will adds a read to those that tell announces.
//
//go:noinline
func (r *Reader) will(off, n uint64) { r.ranged = append(r.ranged, source.Range{Off: off, Len: n}) }

//go:noinline
func (r *Reader) tell(s source.Source) {
	ranges := r.ranged
	r.ranged = ranges[:0]
	if a, ok := s.(source.Prefetcher); ok {
		a.Prefetch(ranges)
	}
}

// AnnounceNames announces calls of Name with these numbers.
func (r *Reader) AnnounceNames(numbers []uint32) {
	if !r.Announces() {
		return
	}
	for _, n := range numbers {
		r.will(nameSize*uint64(n), nameSize)
	}
	r.tell(r.t.section[secNames])
	for _, n := range numbers {
		b, err := r.bytes(secNames, nameSize*uint64(n), nameSize)
		if err != nil {
			break
		}
		r.will(r.img.NamesAt+uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:])))
	}
	r.tell(r.img.Names)
}

// AnnounceEntities announces calls of Entity with these numbers.
func (r *Reader) AnnounceEntities(numbers []uint32) {
	if !r.Announces() {
		return
	}
	for _, n := range numbers {
		from := uint64(max(n, 1) - 1)
		r.will(4*from, 8)
	}
	r.tell(r.t.section[secEntityEnds])
}

// AnnounceLists announces walks of lists of one section: of whole lists, or only of the first
// and the last item.
func (r *Reader) AnnounceLists(lists []List, ends bool) {
	if !r.Announces() || len(lists) == 0 {
		return
	}
	for _, l := range lists {
		from, n := 4*uint64(l.from), 4*uint64(l.to-l.from)
		if ends && n > 4 {
			r.will(from+n-4, 4)
			n = 4
		}
		r.will(from, n)
	}
	r.tell(r.t.section[lists[0].section])
}

// AnnounceExtents announces the reads of the first and the last record of each list, which are
// of one section, and of the items that lead there.
func (r *Reader) AnnounceExtents(lists []List) {
	if !r.Announces() {
		return
	}
	r.AnnounceLists(lists, true)
	for _, l := range lists {
		for i := 0; i < l.Len(); i += max(l.Len()-1, 1) {
			record, err := r.Item(l, i)
			if err != nil {
				break
			}
			r.will(r.img.recordAt(record), artifact.RecordSize)
		}
	}
	r.tell(r.img.Records)
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
