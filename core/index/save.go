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
	f := newFileWriter(in, l, write)
	for section := range t.section {
		if err := f.sections(t, section); err != nil {
			return err
		}
	}
	return f.end(&header{flags: t.flags, first: t.first, last: t.last, nameSeed: t.nameSeed, idSeed: t.idSeed})
}

// fileWriter writes an index file, section by section.
type fileWriter struct {
	in    Saved
	lay   layout
	own   *pages.Sums
	at    uint64
	write func(off int64, b []byte) error
}

func newFileWriter(in Saved, l lengths, write func(off int64, b []byte) error) *fileWriter {
	contained, own := uint64(0), new(pages.Sums)
	if in.Contained {
		contained, own = in.Size, in.Sums
	}
	return &fileWriter{in: in, lay: newLayout(contained, in.Size, l), own: own, at: pages.Size + contained, write: write}
}

// put writes the next bytes.
func (f *fileWriter) put(b []byte) error {
	f.own.Add(b)
	err := f.write(int64(f.at), b)
	f.at += uint64(len(b))
	return err
}

// begin begins a section, whose bytes put writes.
func (f *fileWriter) begin(section int) error {
	return f.put(make([]byte, f.lay.sections[section].at-f.at))
}

// section writes a section.
func (f *fileWriter) section(section int, b []byte) error {
	if err := f.begin(section); err != nil {
		return err
	}
	return f.put(b)
}

// sections writes sections of an index in memory.
func (f *fileWriter) sections(t *Index, sections ...int) error {
	for _, section := range sections {
		if err := f.section(section, t.section[section].(source.Bytes)); err != nil {
			return err
		}
	}
	return nil
}

// end writes what follows the sections, and the header, of which the index's own fields are
// set.
func (f *fileWriter) end(h *header) error {
	if err := f.put(make([]byte, f.lay.summed-f.at)); err != nil {
		return err
	}
	level := f.own.Bytes()
	if !f.in.Contained {
		level = append(f.in.Sums.Bytes(), level...)
	}
	level, err := f.lay.sumLevels(level, func(e extent, b []byte) error { return f.write(int64(e.at), b) })
	if err != nil {
		return err
	}
	h.length, h.head, h.size = f.lay.length, f.in.Head, f.in.Size
	h.segments, h.from, h.sections, h.top = f.in.Segments, f.in.From, f.lay.sections, level
	if f.in.Contained {
		h.flags |= flagContained
	}
	return f.write(0, h.append(nil))
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
