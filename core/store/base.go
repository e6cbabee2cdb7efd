package store

import (
	"errors"
	"math"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
)

// base is what a snapshot of the index covers.
type base struct {
	watermark artifact.Watermark
	allocator uint64
	taken     uint64 // the sequence behind the last record
}

// loadBase takes the first of index.fbati and index.ckpt that holds up as the
// snapshot's first part. Without one the base is empty. When one was replaced or
// removed since the listing, the error is [source.ErrGone], so that the open starts
// again, unless this is the last try.
func (s *Snapshot) loadBase(last bool) (base, error) {
	s.report.OpenedFrom = FromSegments
	s.last = last
	for _, c := range []struct {
		name string
		way  Way
		load loader
	}{
		{artifact.FileName, FromIndex, s.loadIndex},
		{checkpoint.FileName, FromCheckpoint, s.loadCheckpoint},
	} {
		e, ok := s.listing.Others[c.name]
		if !ok || s.options.skips(c.name) {
			continue
		}
		p, b, err := s.tryBase(e, c.load)
		if failed := s.listing.Failure(); failed != nil { // the base is not to blame
			return base{}, failed
		}
		var stop stopError
		if errors.As(err, &stop) || unread(err) {
			return base{}, err
		}
		if errors.Is(err, source.ErrGone) {
			if !last {
				return base{}, err
			}
			continue
		}
		if err != nil {
			s.report.Rejected = append(s.report.Rejected, refusal(c.name, err))
			continue
		}
		s.report.OpenedFrom = c.way
		s.parts, s.base = append(s.parts, p), 1
		if last, ok := p.Index.Last(); ok {
			b.taken = last + 1
		}
		p.File = c.name
		p.file = &partFile{name: c.name, to: b.watermark, allocator: b.allocator}
		if c.way == FromIndex {
			return s.loadParts(b)
		}
		return b, nil
	}
	return base{}, nil
}

func (o *Options) skips(name string) bool {
	return slices.Contains(o.Skip, name)
}

func (s *Snapshot) tryBase(e directory.Entry, load loader) (*part, base, error) {
	if !e.Regular {
		return nil, base{}, damage.Refuse(damage.NotRegular, -1, nil)
	}
	src, err := directory.Open(s.files, e.Name)
	if err != nil {
		return nil, base{}, err
	}
	p, b, err := s.loadBounded(src, load)
	if unread(err) {
		return nil, base{}, err
	}
	if blamed(err) == index.FileName {
		// The last record could not be read through it; index.fbati may be sound.
		if err := s.rejectLookups(index.FileName, rotten(index.FileName, err)); err != nil {
			return nil, base{}, err
		}
		s.noLookups = true
		p, b, err = s.loadBounded(src, load)
	}
	if err == nil && p.Index.Saved() == nil {
		err = s.checkComplete(p, src, b.watermark)
		s.crosses = s.crosses && !(s.options.makeLookups() && s.vouched(src))
	}
	return p, b, err
}

func (s *Snapshot) loadBounded(src source.Source, load loader) (*part, base, error) {
	p, b, err := load(src, s.listing.Size)
	if err != nil {
		return nil, base{}, err
	}
	size, _ := s.listing.Size(b.watermark.Segment)
	return p, b, checkBoundary(s.files, p, b.watermark, size)
}

// loader makes a part of a snapshot's file; sizes tells the sizes of segments.
type loader func(src source.Source, sizes func(uint64) (uint64, bool)) (*part, base, error)

func (s *Snapshot) loadIndex(src source.Source, sizes func(uint64) (uint64, bool)) (*part, base, error) {
	h, err := artifact.ReadHeader(src)
	b := base{watermark: h.Watermark, allocator: h.Allocator}
	if err != nil {
		return nil, b, err
	}
	if err := checkWatermark(h.Watermark, sizes); err != nil {
		return nil, b, err
	}
	p, err := s.savedLookups(src, &h)
	if p == nil && err == nil {
		p, err = judgeArtifact(src, &h, sizes, s.options)
	}
	return p, b, err
}

// loadWitness is loadIndex for an index.fbati that speaks against the segments.
func (s *Snapshot) loadWitness(src source.Source, sizes func(uint64) (uint64, bool)) (*part, base, error) {
	h, err := artifact.ReadHeader(src)
	if err != nil {
		return nil, base{}, err
	}
	p, err := judgeArtifact(src, &h, sizes, s.options)
	return p, base{watermark: h.Watermark, allocator: h.Allocator}, err
}

func (s *Snapshot) loadCheckpoint(src source.Source, sizes func(uint64) (uint64, bool)) (*part, base, error) {
	head := make([]byte, min(max(src.Size(), 0), checkpoint.HeadSize))
	if err := source.Read(src, head, 0); err != nil {
		return nil, base{}, damage.Refuse(damage.Unreadable, 0, err)
	}
	if err := checkpoint.CheckHead(head); err != nil {
		return nil, base{}, err
	}
	if uint64(src.Size()) > math.MaxInt {
		return nil, base{}, damage.Refuse(damage.Overflow, -1, nil)
	}
	raw := make([]byte, src.Size())
	if err := source.Read(src, raw, 0); err != nil {
		return nil, base{}, damage.Refuse(damage.Unreadable, 0, err)
	}
	c, err := checkpoint.Decode(raw)
	if err != nil {
		return nil, base{}, err
	}
	b := base{watermark: c.Watermark, allocator: c.Allocator}
	if err := checkWatermark(c.Watermark, sizes); err != nil {
		return nil, b, err
	}
	d := artifact.NewDraft()
	for range c.Entries {
		e, err := c.Next()
		if err != nil {
			return nil, b, err
		}
		switch n := uint32(c.Names.Len()); {
		case e.Entity >= n:
			return nil, b, damage.Refuse(damage.EntityIndex, -1, nil)
		case e.Scope >= n:
			return nil, b, damage.Refuse(damage.ScopeIndex, -1, nil)
		case e.Entity == 0 || e.Scope == 0:
			return nil, b, damage.Refuse(damage.Coordinate, -1, nil)
		}
		if err := d.Append(&e.Facts, c.Names.At(e.Entity), c.Names.At(e.Scope)); err != nil {
			return nil, b, damage.Refuse(damage.Records, -1, err)
		}
	}
	if err := c.End(); err != nil {
		return nil, b, err
	}
	p, err := draftPart(d, index.Bounds{NextSequence: c.Allocator, Watermark: c.Watermark, SegmentSize: sizes}, s.options)
	return p, b, err
}
