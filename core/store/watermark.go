package store

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// checkWatermark reports whether an index's watermark lies within a segment. The error is
// a [damage.Refusal].
func checkWatermark(w artifact.Watermark, sizes func(uint64) (uint64, bool)) error {
	size, ok := sizes(w.Segment)
	if !ok {
		return damage.Refuse(damage.WatermarkSegmentMissing, -1, nil)
	}
	if w.Offset > size {
		return damage.Refuse(damage.WatermarkPastEnd, -1, nil)
	}
	return nil
}

// checkBoundary reports whether the watermark lies between two frames, by walking to it
// from the last record's frame. A watermark at the end of its segment needs no walk. The
// error is a [damage.Refusal], or a [source.ReadError] of the segment or of p.
func checkBoundary(files directory.Files, p *part, w artifact.Watermark, size uint64) error {
	if w.Offset == size {
		return nil
	}
	refuse := func(err error) error { return damage.Refuse(damage.WatermarkPosition, -1, err) }
	name := segment.Name(w.Segment)
	// A failed read says nothing about the watermark.
	failed := func(err error) error {
		if errors.Is(err, source.ErrRead) {
			return source.Named(name, err)
		}
		return refuse(err)
	}
	src, err := directory.Open(files, name)
	if err != nil {
		return failed(err)
	}
	from, err := lastEnd(p, w.Segment)
	if err != nil {
		if errors.Is(err, source.ErrRead) {
			return err
		}
		return refuse(err)
	}
	if from == 0 {
		_, n, err := segment.ReadHeader(src)
		if err != nil {
			return failed(err)
		}
		from = uint64(n)
	}
	walk := segment.NewWalker(src, from)
	for walk.Offset() < w.Offset {
		if _, ok := walk.Next(); !ok {
			return failed(walk.Err())
		}
	}
	if walk.Offset() != w.Offset {
		return refuse(nil)
	}
	return nil
}

// lastEnd returns where the frame of the part's last record ends, and 0 when that is not in
// segment id.
func lastEnd(p *part, id uint64) (uint64, error) {
	if p.Image.Count == 0 {
		return 0, nil
	}
	r, err := p.Reader().Record(p.Image.Count - 1)
	if err != nil {
		return 0, err
	}
	if at := r.Position(); at.Segment == id {
		return at.End(), nil
	}
	return 0, nil
}
