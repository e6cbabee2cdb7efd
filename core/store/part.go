package store

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// part is a run of records with the index over them. A snapshot is a list of parts
// by rising sequence: what index.fbati covers, what part files cover after it, then
// the tail.
type part struct {
	query.Part
	// grown is what a part is made of that a writer added, nil for others.
	grown *artifact.Draft
	// file is what a part was read from, nil for those in memory and for what stands
	// in for a part.
	file *partFile
	// rank is how far a part is from its file: 0 is the part itself, and of what
	// stands in for it 1 has an index that was rebuilt, and 2 was read from the
	// segments.
	rank int
	// made is set when the index of an index.fbati had to be built: what is needed to
	// save it.
	made *index.Saved
}

// judgeArtifact makes a part of the index.fbati in src, of which h was read, by
// reading all of it. What is read of it later is compared with what was read now.
// The error is a [damage.Refusal] unless it is one of stop's.
func judgeArtifact(src source.Source, h *artifact.Header, sizes func(uint64) (uint64, bool), o *Options) (*part, error) {
	front := make([]byte, h.RecordsAt())
	if err := source.Read(src, front, 0); err != nil {
		return nil, damage.Refuse(damage.Unreadable, 0, err)
	}
	var sum artifact.Checksum
	sum.Add(0, front)
	var sums pages.Sums
	sums.Add(front)
	// A wrong checksum explains every other trouble, so it is told first. That
	// takes reading on to the end where the strings alone would be refused.
	each := func(off uint64, block []byte) error {
		sum.Add(off, block)
		sums.Add(block)
		return o.stopped()
	}
	image := index.FileImage(src, h)
	names, why := decodeNames(front[artifact.HeaderSize:], h.Strings)
	if why != nil {
		if err := image.EachBlock(each); err != nil {
			return nil, err
		}
		return nil, first(sum.Check(h), why)
	}
	tables, why := index.Build(index.Input{
		Image:        image,
		Names:        names,
		Bounds:       index.Bounds{NextSequence: h.Allocator, Watermark: h.Watermark, SegmentSize: sizes},
		Seed:         o.Seed,
		Each:         each,
		Parallel:     o.Parallel,
		ValidateOnly: o.Judge != nil,
	})
	var refusal *damage.Refusal
	switch {
	case why != nil && (!errors.As(why, &refusal) || refusal.Reason == damage.Unreadable):
		return nil, why
	case sum.Check(h) != nil:
		return nil, sum.Check(h)
	case why != nil:
		return nil, why
	}
	size := uint64(src.Size())
	checked := pages.NewChecked(artifact.FileName, src, 0, size, source.Bytes(sums.Bytes()), 0)
	return &part{Part: query.Part{Image: index.FileImage(checked, h), Index: tables}, made: &index.Saved{
		Head: [artifact.HeaderSize]byte(front), Size: size, Sums: &sums,
	}}, nil
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func decodeNames(table []byte, count uint32) (*strtab.Table, error) {
	names, err := strtab.Decode(table)
	var name *strtab.NameError
	switch {
	case errors.As(err, &name):
		return nil, damage.Refuse(damage.Coordinate, artifact.HeaderSize, err)
	case err != nil:
		return nil, damage.Refuse(damage.Strings, artifact.HeaderSize, err)
	case uint64(names.Len()) != uint64(count):
		return nil, damage.Refuse(damage.StringCount, artifact.HeaderSize, nil)
	}
	return names, nil
}

// draftPart makes a part of records in memory. They must be in order and lie
// within bounds.
func draftPart(d *artifact.Draft, bounds index.Bounds, o *Options) (*part, error) {
	image := index.DraftImage(d)
	return imagePart(image, bounds, o)
}

// imagePart makes a part of records that were judged before, by reading all of
// them.
func imagePart(image index.Image, bounds index.Bounds, o *Options) (*part, error) {
	table := make([]byte, image.NamesSize)
	if err := source.Read(image.Names, table, image.NamesAt); err != nil {
		return nil, err
	}
	names, err := strtab.Decode(table)
	if err != nil {
		return nil, err
	}
	tables, err := index.Build(index.Input{
		Image: image, Names: names, Bounds: bounds, Seed: o.Seed, Parallel: o.Parallel, ValidateOnly: o.Judge != nil,
		Each: func(uint64, []byte) error { return o.stopped() },
	})
	if err != nil {
		return nil, err
	}
	return &part{Part: query.Part{Image: image, Index: tables}}, nil
}

// judged admits records that were judged before.
func judged(allocator uint64) index.Bounds {
	return index.Bounds{
		NextSequence: allocator,
		Watermark:    artifact.Watermark{Segment: ^uint64(0)},
		SegmentSize:  anySize,
	}
}
