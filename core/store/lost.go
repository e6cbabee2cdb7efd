package store

import (
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// An index that is sound in itself but contradicts the segments is refused, and is the
// evidence of a loss: an event that it lists and no segment holds is lost. Its next
// sequence was reached, so it is never assigned again, however much of the log is left.

// contradicts reports whether a reason says that an index and the segments disagree.
func contradicts(r damage.Reason) bool {
	switch r {
	case damage.WatermarkSegmentMissing, damage.WatermarkPastEnd, damage.WatermarkPosition, damage.Position:
		return true
	}
	return false
}

// MayHaveLost reports whether an index was refused because the segments contradict it,
// so events that it lists may be lost.
func (r *Report) MayHaveLost() bool {
	return slices.ContainsFunc(r.Rejected, func(refused *damage.Refusal) bool {
		_, _, part := index.ParsePartName(refused.File)
		return contradicts(refused.Reason) || part && refused.Reason == damage.Segments
	})
}

// reportLost reports the events that the store lacks and the first such index lists,
// together with the part files that continue it.
func (o *opening) reportLost() error {
	if o.options.ValidateOnly != nil || o.spilled.file != nil { // needsRecords found no such index
		return nil
	}
	for _, refused := range o.report.Rejected {
		load := o.loadRefusedArtifact
		switch _, _, part := index.ParsePartName(refused.File); {
		case part && (contradicts(refused.Reason) || refused.Reason == damage.Segments):
			return o.reportLostParts(o.filesEnd())
		case !contradicts(refused.Reason):
			continue
		case refused.File == artifact.FileName:
		case refused.File == checkpoint.FileName:
			load = o.loadCheckpoint
		default:
			continue
		}
		src, err := directory.Open(o.files, refused.File)
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
		if errors.Is(err, source.ErrRead) { // it may list lost events
			return refusal(refused.File, err)
		}
		if err == nil {
			o.minNext = max(o.minNext, b.nextSequence)
			if last, ok := p.Index.Last(); ok {
				b.endSequence = last + 1
			}
			if err := o.reportMissing(p); err != nil {
				return err
			}
			return o.reportLostParts(b)
		}
	}
	return nil
}

// reportLostParts reports the events that the store lacks and the part files that
// continue b list.
func (o *opening) reportLostParts(b base) error {
	for {
		best, err := o.longestPart(b)
		if err != nil || best == nil {
			return err
		}
		a := best.Artifact()
		image, saved := best.Index(nil, "")
		err = o.reportMissing(&part{Part: query.Part{Image: image, Index: saved}})
		if err != nil && (!repairable(err) || errors.Is(err, source.ErrRead)) {
			return err
		} // else the rest of it is damaged, and lists nothing
		o.minNext = max(o.minNext, a.Allocator)
		b = base{watermark: a.Watermark, nextSequence: a.Allocator, endSequence: b.endSequence}
		if last, ok := saved.Last(); ok {
			b.endSequence = last + 1
		}
	}
}

// longestPart finds the part file that extends b furthest, whether or not the segments
// contradict it. It returns nil when there is none.
func (o *opening) longestPart(b base) (best *index.File, err error) {
	for name, e := range o.listing.Others {
		first, last, ok := index.ParsePartName(name)
		if !ok || first != b.watermark.Segment || o.options.skips(name) {
			continue
		}
		f, err := directory.ReadIndex(o.files, e)
		if errors.Is(err, source.ErrRead) {
			return nil, err
		}
		if err != nil || !continues(f, b, last) {
			continue
		}
		if best == nil || further(f.Artifact().Watermark, best.Artifact().Watermark) {
			best = f
		}
	}
	return best, nil
}

// reportMissing reports the events of p that no part holds, except those that store.thaw says
// were removed: one damage for each segment they lay in.
func (o *opening) reportMissing(p *part) error {
	readers := make([]*index.Reader, len(o.parts))
	for i, q := range o.parts {
		readers[i] = q.Reader()
	}
	var d *damage.Damage
	listed := p.Reader()
	for i := range p.Image.Count {
		if i%1024 == 0 {
			if err := o.options.stopped(); err != nil {
				return err
			}
		}
		r, err := listed.Record(i)
		if err != nil {
			return err
		}
		if found, err := anyHas(readers, r); err != nil || found {
			if err != nil {
				return err
			}
			continue
		}
		if o.lineage.Covers(r.Sequence(), lineage.Dropped) { // an index of before a compaction
			continue
		}
		at := r.Position()
		if name := segment.Name(at.Segment); d == nil || d.File != name {
			d = &damage.Damage{File: name, Offset: at.Offset, Reason: damage.Lost, FirstSequence: r.Sequence()}
			o.report.Damages = append(o.report.Damages, d)
		}
		if o.options.Lost != nil {
			if err := o.tellLost(listed, r); err != nil {
				return err
			}
		}
		d.EndSequence = r.Sequence() + 1
		d.Touch(damage.Touched{ID: r.ID(), Sequence: r.Sequence(), Numbered: true})
	}
	return nil
}

// tellLost calls Options.Lost with the event of a record.
func (o *opening) tellLost(listed *index.Reader, r artifact.Raw) error {
	var e event.Event
	r.DecodeFacts(&e.Facts)
	entity, err := listed.NameOfMany(r.Entity())
	if err != nil {
		return err
	}
	e.Entity = string(entity)
	scope, err := listed.NameOfMany(r.Scope())
	if err != nil {
		return err
	}
	e.Scope = string(scope)
	o.options.Lost(e)
	return nil
}

// anyHas reports whether any reader has an event with the record's id.
func anyHas(readers []*index.Reader, r artifact.Raw) (bool, error) {
	for _, reader := range readers {
		if _, ok, err := reader.FindID(r.ID(), func(artifact.Raw) bool { return true }); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}
