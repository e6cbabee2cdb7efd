package store

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
)

// base is where the index files that were read end.
type base struct {
	watermark    artifact.Watermark
	nextSequence uint64 // as the last of them records it
	endSequence  uint64 // after the last record
}

// loadBase loads the first of index.fbati and index.ckpt that is sound as the
// snapshot's first part. Without one the base is empty. When one was replaced or
// removed since the listing, the error is [source.ErrGone], so that the open starts
// again, unless this is the last try.
func (o *opening) loadBase() (base, error) {
	o.report.OpenedFrom = FromSegments
	for _, c := range []struct {
		name string
		way  Way
		load loader
	}{
		{name: artifact.FileName, way: FromIndex, load: o.loadArtifact},
		{name: checkpoint.FileName, way: FromCheckpoint, load: o.loadCheckpoint},
	} {
		e, ok := o.listing.Others[c.name]
		if !ok || o.options.skips(c.name) {
			continue
		}
		p, b, err := o.tryBase(e, c.load)
		if failed := o.listing.Failure(); failed != nil { // the index is not to blame
			return base{}, failed
		}
		var stop stopError
		if errors.As(err, &stop) || unread(err) {
			return base{}, err
		}
		if errors.Is(err, source.ErrGone) {
			if !o.lastTry() {
				return base{}, err
			}
			continue
		}
		if err != nil {
			o.report.Rejected = append(o.report.Rejected, refusal(c.name, err))
			continue
		}
		o.report.OpenedFrom = c.way
		o.parts, o.base = append(o.parts, p), 1
		if last, ok := p.Index.Last(); ok {
			b.endSequence = last + 1
		}
		p.File = c.name
		p.file = &partFile{name: c.name, to: b.watermark, nextSequence: b.nextSequence}
		if c.way == FromIndex {
			return o.loadParts(b)
		}
		return b, nil
	}
	return base{}, nil
}

// loader makes a part of an index file. sizes returns the sizes of segments.
type loader func(src source.Source, sizes func(uint64) (uint64, bool)) (*part, base, error)

// tryBase loads one index, and checks it against the segments.
func (o *opening) tryBase(e directory.Entry, load loader) (*part, base, error) {
	if !e.Regular {
		return nil, base{}, damage.Refuse(damage.NotRegular, -1, nil)
	}
	src, err := directory.Open(o.files, e.Name)
	if err != nil {
		return nil, base{}, err
	}
	p, b, err := o.loadBounded(src, load)
	if unread(err) {
		return nil, base{}, err
	}
	if refusedFile(err) == index.FileName {
		// The last record could not be read through index.thaw; index.fbati may be sound.
		if err := o.rejectIndex(index.FileName, lateRefusal(index.FileName, err)); err != nil {
			return nil, base{}, err
		}
		o.noSavedIndex = true
		p, b, err = o.loadBounded(src, load)
	}
	if err == nil && p.Index.Saved() == nil {
		err = o.checkComplete(p, src, b.watermark)
		o.crossesUnsealed = o.crossesUnsealed && !(o.options.buildsIndex() && o.vouched(src))
	}
	return p, b, err
}

// loadBounded loads an index, and checks that its watermark lies between two frames.
func (o *opening) loadBounded(src source.Source, load loader) (*part, base, error) {
	p, b, err := load(src, o.listing.Size)
	if err != nil {
		return nil, base{}, err
	}
	size, _ := o.listing.Size(b.watermark.Segment)
	return p, b, checkBoundary(o.files, p, b.watermark, size)
}

// filesEnd returns the base that the parts read from files make.
func (s *Snapshot) filesEnd() (b base) {
	if s.base > 0 {
		f := s.parts[s.base-1].file
		b = base{watermark: f.to, nextSequence: f.nextSequence}
	}
	for _, p := range s.parts[:s.base] {
		if last, ok := p.Index.Last(); ok {
			b.endSequence = last + 1
		}
	}
	return b
}
