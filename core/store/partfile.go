package store

import (
	"maps"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/replay"
)

// loadParts adds the part files that continue b. Of several that begin at one place it
// takes the longest: a writer that merges parts makes the new one before it removes the
// old.
func (o *opening) loadParts(b base) (base, error) {
	for {
		p, next, err := o.nextPart(b)
		if err != nil || p == nil {
			return b, err
		}
		o.parts = append(o.parts, p)
		o.base++
		b = next
	}
}

// nextPart finds the part file that continues b, nil when there is none.
func (o *opening) nextPart(b base) (*part, base, error) {
	var found []*index.File                                           // the longest first
	for _, name := range slices.Sorted(maps.Keys(o.listing.Others)) { // so reports list them in order
		e := o.listing.Others[name]
		first, last, ok := index.ParsePartName(e.Name)
		if !ok || !e.Regular || first != b.watermark.Segment || o.options.skips(e.Name) {
			continue
		}
		f, err := directory.ReadIndex(o.files, e)
		if err == nil {
			err = o.fits(f, b, last)
		}
		if err == nil {
			found = append(found, f)
		} else if err = o.rejectIndex(e.Name, err); err != nil {
			return nil, b, err
		}
	}
	slices.SortFunc(found, func(x, y *index.File) int {
		if further(x.Artifact().Watermark, y.Artifact().Watermark) {
			return -1
		}
		return 1 // no two end in the same segment, which is in their names
	})
	for _, f := range found {
		p, next, err := o.loadPart(f, b)
		if err == nil {
			return p, next, nil
		}
		if err = o.rejectIndex(f.Name(), lateRefusal(f.Name(), err)); err != nil {
			return nil, b, err
		}
	}
	return nil, b, nil
}

// rejectIrregularParts reports everything that has a part file's name and is no regular
// file, wherever it would belong.
func (o *opening) rejectIrregularParts() {
	var names []string
	for _, e := range o.listing.Others {
		if _, _, ok := index.ParsePartName(e.Name); ok && !e.Regular && !o.options.skips(e.Name) {
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		o.report.Rejected = append(o.report.Rejected, refusal(name, damage.Refuse(damage.NotRegular, -1, nil)))
	}
}

// loadPart makes a part of a file that fits after b.
func (o *opening) loadPart(f *index.File, b base) (*part, base, error) {
	a := f.Artifact()
	image, saved := f.Index(nil, "")
	p := &part{Part: query.Part{Image: image, Index: saved}}
	if o.options.buildsIndex() {
		var err error
		bounds := index.Bounds{NextSequence: a.Allocator, Watermark: a.Watermark, SegmentSize: o.listing.Size}
		if p, err = imagePart(image, bounds, o.options); err != nil {
			return nil, b, err
		}
	}
	p.File = f.Name()
	p.file = &partFile{
		name: p.File, from: b.watermark, to: a.Watermark,
		fromSequence: b.endSequence, fromNext: b.nextSequence, nextSequence: a.Allocator,
	}
	next := base{watermark: a.Watermark, nextSequence: a.Allocator, endSequence: b.endSequence}
	if last, ok := p.Index.Last(); ok {
		next.endSequence = last + 1
	}
	size, _ := o.listing.Size(a.Watermark.Segment)
	return p, next, checkBoundary(o.files, p, a.Watermark, size)
}

// fits returns why a part file cannot follow b.
func (o *opening) fits(f *index.File, b base, last uint64) error {
	w := f.Artifact().Watermark
	if !continues(f, b, last) {
		return damage.Refuse(damage.Stale, -1, nil)
	}
	if err := checkWatermark(w, o.listing.Size); err != nil {
		return err
	}
	if f.Segments() != directory.DigestSegments(o.listing.IDs(), b.watermark, w) {
		return damage.Refuse(damage.Segments, -1, nil)
	}
	return nil
}

// continues reports whether a part file begins where b ends, and ends in the segment
// that its name gives.
func continues(f *index.File, b base, last uint64) bool {
	w := f.Artifact().Watermark
	return f.Contained() && f.From() == b.watermark && w.Segment == last && further(w, b.watermark) && f.Follows(b.endSequence)
}

// further reports whether a lies after b in the log.
func further(a, b artifact.Watermark) bool {
	return a.Segment > b.Segment || a.Segment == b.Segment && a.Offset > b.Offset
}

func place(w artifact.Watermark) replay.Place { return replay.Place(w) }
