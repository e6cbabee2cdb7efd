package index

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/source"
)

// EachSection replaces each section by the result of f.
func (t *Index) EachSection(f func(source.Source) source.Source) {
	for i, s := range t.section {
		t.section[i] = f(s)
	}
}

// SetTopSums lowers the number of checksums in a header until undo is called.
func SetTopSums(n uint64) (undo func()) {
	was := topSums
	topSums = n
	return func() { topSums = was }
}

// Levels returns the number of levels of checksums in a file.
func (f *File) Levels() int { return len(f.lay.levels) }

// Records returns the number of records in the index.
func (t *Index) Records() uint32 { return t.records }

// From returns the part of a list whose record numbers are at least record.
func (r *Reader) From(l List, record uint32) (List, error) {
	if record == 0 {
		return l, nil
	}
	n, err := bound(l.to-l.from, func(i uint32) (bool, error) {
		got, err := r.Item(l, int(i))
		return err == nil && got >= record, err
	})
	if err != nil {
		return List{}, err
	}
	l.from += n
	return l, nil
}

// Segment is an element of the section of segments.
type Segment struct {
	ID, Length uint64
	First      uint32 // number of its first record
	Records    uint32
}

// Segments lists the segments by rising id.
func (r *Reader) Segments() ([]Segment, error) {
	w := r.window(secSegments)
	n := w.Size() / segmentSize
	out := make([]Segment, 0, n)
	for i := range n {
		b, err := w.Bytes(segmentSize*i, segmentSize)
		if err != nil {
			return nil, err
		}
		out = append(out, Segment{
			ID:      binary.LittleEndian.Uint64(b),
			Length:  binary.LittleEndian.Uint64(b[8:]),
			First:   binary.LittleEndian.Uint32(b[16:]),
			Records: binary.LittleEndian.Uint32(b[20:]),
		})
	}
	return out, nil
}
