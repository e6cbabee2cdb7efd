package store

import (
	"cmp"
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// loadArtifact makes a part of an index.fbati: with its index.thaw when there is one
// that belongs to it, else by reading all of it.
func (o *opening) loadArtifact(src source.Source, sizes func(uint64) (uint64, bool)) (*part, base, error) {
	h, err := artifact.ReadHeader(src)
	b := base{watermark: h.Watermark, nextSequence: h.Allocator}
	if err != nil {
		return nil, b, err
	}
	if err := checkWatermark(h.Watermark, sizes); err != nil {
		return nil, b, err
	}
	p, err := o.savedIndex(src, &h)
	if p == nil && err == nil {
		p, err = validateArtifact(src, &h, sizes, o.options)
	}
	return p, b, err
}

// loadRefusedArtifact is loadArtifact for an index.fbati that contradicts the segments.
func (o *opening) loadRefusedArtifact(src source.Source, sizes func(uint64) (uint64, bool)) (*part, base, error) {
	h, err := artifact.ReadHeader(src)
	if err != nil {
		return nil, base{}, err
	}
	p, err := validateArtifact(src, &h, sizes, o.options)
	return p, base{watermark: h.Watermark, nextSequence: h.Allocator}, err
}

// validateArtifact makes a part of the index.fbati in src, whose header is h, by
// reading all of it: its checksum, its names and every record. Later reads are compared
// with this one. The error is a [damage.Refusal] unless it is one of Stop's.
func validateArtifact(src source.Source, h *artifact.Header, sizes func(uint64) (uint64, bool), o *Options) (*part, error) {
	front := make([]byte, h.RecordsAt())
	if err := source.Read(src, front, 0); err != nil {
		return nil, damage.Refuse(damage.Unreadable, 0, err)
	}
	var sum artifact.Checksum
	sum.Add(0, front)
	var sums pages.Sums
	sums.Add(front)
	// A wrong checksum explains every other defect, so it is reported instead. This
	// takes a read to the end even where the names alone would be refused.
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
		return nil, cmp.Or(sum.Check(h), why)
	}
	built, why := index.Build(index.Input{
		Image:        image,
		Names:        names,
		Bounds:       index.Bounds{NextSequence: h.Allocator, Watermark: h.Watermark, SegmentSize: sizes},
		Seed:         o.Seed,
		Each:         each,
		Parallel:     o.Parallel,
		ValidateOnly: o.ValidateOnly != nil,
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
	return &part{Part: query.Part{Image: index.FileImage(checked, h), Index: built}, unsaved: &index.Saved{
		Head: [artifact.HeaderSize]byte(front), Size: size, Sums: &sums,
	}}, nil
}

// decodeNames decodes the names of an index.fbati, which must be count.
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
