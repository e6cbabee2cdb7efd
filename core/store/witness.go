package store

import (
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// A snapshot that is sound in itself, and was refused because the segments are
// not as it says, is a witness: what it lists and no segment holds is lost. Its
// allocator was given out, whatever is left of the log.

// witnessed are the reasons that speak against the segments.
func witnessed(r damage.Reason) bool {
	switch r {
	case damage.WatermarkSegmentMissing, damage.WatermarkPastEnd, damage.WatermarkPosition, damage.Position:
		return true
	}
	return false
}

// Witness reports whether a snapshot was refused because the segments are not as it
// says, so that what it lists may be lost.
func (r *Report) Witness() bool {
	return slices.ContainsFunc(r.Rejected, func(refused *damage.Refusal) bool {
		_, _, part := index.ParsePartName(refused.File)
		return witnessed(refused.Reason) || part && refused.Reason == damage.Segments
	})
}

// hearWitness reports the events that the first such snapshot lists, with the part
// files that go on behind it, and the store does not have.
func (s *Snapshot) hearWitness() error {
	if s.options.Judge != nil {
		return nil
	}
	for _, refused := range s.report.Rejected {
		load := s.loadWitness
		switch _, _, part := index.ParsePartName(refused.File); {
		case part && (witnessed(refused.Reason) || refused.Reason == damage.Segments):
			return s.hearParts(s.fileEnd())
		case !witnessed(refused.Reason):
			continue
		case refused.File == artifact.FileName:
		case refused.File == checkpoint.FileName:
			load = s.loadCheckpoint
		default:
			continue
		}
		src, err := directory.Open(s.files, refused.File)
		if errors.Is(err, source.ErrGone) {
			continue
		}
		if err != nil {
			return err
		}
		p, b, err := load(src, anySize)
		var stop stopError
		if errors.As(err, &stop) {
			return err
		}
		if errors.Is(err, source.ErrRead) { // it speaks of a loss, and was not heard
			return refusal(refused.File, err)
		}
		if err == nil {
			s.recorded = b.allocator
			if last, ok := p.Index.Last(); ok {
				b.taken = last + 1
			}
			if err := s.findMissing(p); err != nil {
				return err
			}
			return s.hearParts(b)
		}
	}
	return nil
}

// fileEnd is the base that the parts make which were taken.
func (s *Snapshot) fileEnd() (b base) {
	if s.base > 0 {
		f := s.parts[s.base-1].file
		b = base{watermark: f.to, allocator: f.allocator}
	}
	b.taken = s.taken()
	return b
}

// hearParts has every part file testify that goes on behind b, and those behind it.
func (s *Snapshot) hearParts(b base) error {
	for {
		best, err := s.longest(b)
		if err != nil || best == nil {
			return err
		}
		a := best.Artifact()
		image, tables := best.Index(nil, "")
		err = s.findMissing(&part{Part: query.Part{Image: image, Index: tables}})
		if err != nil && (!mendable(err) || errors.Is(err, source.ErrRead)) {
			return err
		} // else the rest of it says nothing
		s.recorded = max(s.recorded, a.Allocator)
		b = base{watermark: a.Watermark, allocator: a.Allocator, taken: b.taken}
		if last, ok := tables.Last(); ok {
			b.taken = last + 1
		}
	}
}

// longest is the part file that goes furthest behind b, whether the segments are as
// it says or not, nil when there is none.
func (s *Snapshot) longest(b base) (best *index.File, err error) {
	for name, e := range s.listing.Others {
		first, last, ok := index.ParsePartName(name)
		if !ok || first != b.watermark.Segment || s.options.skips(name) {
			continue
		}
		f, err := directory.ReadIndex(s.files, e)
		if errors.Is(err, source.ErrRead) {
			return nil, err
		}
		if err != nil || !goesOn(f, b, last) {
			continue
		}
		if best == nil || further(f.Artifact().Watermark, best.Artifact().Watermark) {
			best = f
		}
	}
	return best, nil
}

// anySize takes every segment for as long as need be.
func anySize(uint64) (uint64, bool) { return ^uint64(0), true }

// findMissing reports the events of p that no part holds, a damage for each
// segment they lay in.
func (s *Snapshot) findMissing(p *part) error {
	readers := make([]*index.Reader, len(s.parts))
	for i, q := range s.parts {
		readers[i] = q.Reader()
	}
	var d *damage.Damage
	witness := p.Reader()
	for i := range p.Image.Count {
		if i%1024 == 0 {
			if err := s.options.stopped(); err != nil {
				return err
			}
		}
		r, err := witness.Record(i)
		if err != nil {
			return err
		}
		if found, err := anyHas(readers, r); err != nil || found {
			if err != nil {
				return err
			}
			continue
		}
		at := r.Position()
		if name := segment.Name(at.Segment); d == nil || d.File != name {
			d = &damage.Damage{File: name, Offset: at.Offset, Reason: damage.Lost, FirstSequence: r.Sequence()}
			s.report.Damages = append(s.report.Damages, d)
		}
		d.EndSequence = r.Sequence() + 1
		d.Touch(damage.Touched{ID: r.ID(), Sequence: r.Sequence(), Numbered: true})
	}
	return nil
}

func anyHas(readers []*index.Reader, r artifact.Raw) (bool, error) {
	for _, reader := range readers {
		if _, ok, err := reader.FindID(r.ID(), func(artifact.Raw) bool { return true }); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}
