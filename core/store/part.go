package store

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// part is a run of records with tables over them. A snapshot is a list of
// parts by rising sequence: what the artifact covers, then the tail.
type part struct {
	image  index.Image
	tables *index.Tables
	// grown is what a part that a writer added is made of, nil for others.
	grown *artifact.Draft
}

func (p *part) reader() *index.Reader { return index.NewReader(&p.image, p.tables) }

// loadArtifact makes a part of the index.fbati in src. The error is a
// [damage.Refusal] unless it is one of stop's.
func loadArtifact(src source.Source, sizes func(uint64) (uint64, bool), o *Options) (*part, artifact.Header, error) {
	h, err := artifact.ReadHeader(src)
	if err != nil {
		return nil, h, err
	}
	if err := checkWatermark(h.Watermark, sizes); err != nil {
		return nil, h, err
	}
	front := make([]byte, h.RecordsAt())
	if err := source.Read(src, front, 0); err != nil {
		return nil, h, damage.Refuse(damage.Unreadable, 0, err)
	}
	var sum artifact.Checksum
	sum.Add(0, front)
	// A wrong checksum explains every other trouble, so it is told first. That
	// takes reading on to the end where the strings alone would be refused.
	each := func(off uint64, block []byte) error {
		sum.Add(off, block)
		return o.stopped()
	}
	image := index.FileImage(src, &h)
	names, why := decodeNames(front[artifact.HeaderSize:], h.Strings)
	if why != nil {
		if err := image.EachBlock(each); err != nil {
			return nil, h, err
		}
		return nil, h, first(sum.Check(&h), why)
	}
	tables, why := index.Build(index.Input{
		Image:  image,
		Names:  names,
		Bounds: index.Bounds{Allocator: h.Allocator, Watermark: h.Watermark, SegmentSize: sizes},
		Seed:   o.Seed,
		Each:   each,
	})
	var refusal *damage.Refusal
	switch {
	case why != nil && (!errors.As(why, &refusal) || refusal.Reason == damage.Unreadable):
		return nil, h, why
	case sum.Check(&h) != nil:
		return nil, h, sum.Check(&h)
	case why != nil:
		return nil, h, why
	}
	return &part{image: image, tables: tables}, h, nil
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func decodeNames(table []byte, count uint32) (*strtab.Table, error) {
	names, err := strtab.Decode(table, true)
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
	table := make([]byte, image.NamesSize)
	if err := source.Read(image.Names, table, 0); err != nil {
		return nil, err
	}
	names, err := strtab.Decode(table, true)
	if err != nil {
		return nil, err
	}
	tables, err := index.Build(index.Input{
		Image: image, Names: names, Bounds: bounds, Seed: o.Seed,
		Each: func(uint64, []byte) error { return o.stopped() },
	})
	if err != nil {
		return nil, err
	}
	return &part{image: image, tables: tables}, nil
}
