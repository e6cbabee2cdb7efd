package store

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
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

// hearWitness reports the events that the first such snapshot lists and the
// store does not have.
func (s *Snapshot) hearWitness() error {
	for _, refused := range s.report.Rejected {
		if !witnessed(refused.Reason) {
			continue
		}
		load := s.loadWitness
		switch refused.File {
		case artifact.FileName:
		case checkpoint.FileName:
			load = s.loadCheckpoint
		default:
			continue
		}
		src, err := s.files.Open(refused.File)
		if err != nil {
			continue
		}
		p, b, err := load(src, anySize)
		var stop stopError
		if errors.As(err, &stop) {
			return err
		}
		if err == nil {
			s.recorded = b.allocator
			return s.findMissing(p)
		}
	}
	return nil
}

// anySize takes every segment for as long as need be.
func anySize(uint64) (uint64, bool) { return ^uint64(0), true }

// findMissing reports the events of p that no part holds, a damage for each
// segment they lay in.
func (s *Snapshot) findMissing(p *part) error {
	readers := make([]*index.Reader, len(s.parts))
	for i, q := range s.parts {
		readers[i] = q.reader()
	}
	var d *damage.Damage
	witness := p.reader()
	for i := range p.image.Count {
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
