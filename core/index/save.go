package index

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// Saved describes the artifact of an index that is written to a file.
type Saved struct {
	// Head is the artifact's header, and Size its length.
	Head [artifact.HeaderSize]byte
	Size uint64
	// Sums has the checksums of the artifact's pages. When Contained is set,
	// the artifact has been written to the index file itself, from [ImageAt]
	// on, and Sums is not ended.
	Sums      *pages.Sums
	Contained bool
	// Segments is a digest of the ids of the segments that the artifact covers:
	// see [SegmentIDs].
	Segments uint64
	// From is the earliest place of the artifact's first record: the end of the
	// part before it, or the zero Watermark for index.fbati.
	From artifact.Watermark
}

// ImageAt is the offset of the artifact in a part file.
const ImageAt = pages.Size

// SegmentIDs digests the ids of segments, in rising order, into one number.
type SegmentIDs uint64

// Add adds the next id.
func (s *SegmentIDs) Add(id uint64) {
	*s = SegmentIDs(strtab.Mix(uint64(*s)^id, 0x9E3779B97F4A7C15) + 1)
}

// Save passes the index file in pieces to write: bytes and their offset, which
// write must not keep. The header comes last. The index must be in memory.
func (t *Index) Save(in Saved, write func(off int64, b []byte) error) error {
	var l lengths
	for i, s := range t.section {
		l[i] = uint64(s.Size())
	}
	contained, own := uint64(0), new(pages.Sums)
	if in.Contained {
		contained, own = in.Size, in.Sums
	}
	lay := newLayout(contained, in.Size, l)
	at := pages.Size + contained
	put := func(b []byte) error {
		own.Add(b)
		err := write(int64(at), b)
		at += uint64(len(b))
		return err
	}
	for i, s := range t.section {
		if err := put(make([]byte, lay.sections[i].at-at)); err != nil {
			return err
		}
		if err := put(s.(source.Bytes)); err != nil {
			return err
		}
	}
	if err := put(make([]byte, lay.summed-at)); err != nil {
		return err
	}
	level := own.Bytes()
	if !in.Contained {
		level = append(in.Sums.Bytes(), level...)
	}
	level, err := lay.sumLevels(level, func(e extent, b []byte) error { return write(int64(e.at), b) })
	if err != nil {
		return err
	}
	h := header{
		flags: t.flags, length: lay.length, head: in.Head, size: in.Size,
		first: t.first, last: t.last, nameSeed: t.nameSeed, idSeed: t.idSeed,
		segments: in.Segments, from: in.From, sections: lay.sections, top: level,
	}
	if in.Contained {
		h.flags |= flagContained
	}
	return write(0, h.append(nil))
}

// sumLevels builds the levels of the tree over the checksums of the lowest one,
// and returns the checksums for the header.
func (l *layout) sumLevels(level []byte, write func(e extent, b []byte) error) (top []byte, err error) {
	for _, e := range l.levels {
		level = append(level, make([]byte, e.size-uint64(len(level)))...)
		if err := write(e, level); err != nil {
			return nil, err
		}
		var next pages.Sums
		next.Add(level)
		level = next.Bytes()
	}
	return level, nil
}
