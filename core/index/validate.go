package index

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/segment"
)

// Bounds limits the values of valid records.
type Bounds struct {
	// NextSequence is above the sequence of every record.
	NextSequence uint64
	Watermark    artifact.Watermark
	// SegmentSize returns the size of a segment; ok is false when it does not
	// exist.
	SegmentSize func(id uint64) (size uint64, ok bool)
}

// validator checks records in order.
type validator struct {
	bounds  *Bounds
	strings uint32

	any      bool
	sequence uint64
	segment  uint64 // of the last record
	size     uint64 // of that segment
	end      uint64 // where the last record's frame ends
}

// record returns why r is invalid, or "".
func (v *validator) record(r artifact.Raw) damage.Reason {
	switch e := r.Entity(); {
	case e >= v.strings:
		return damage.EntityIndex
	case r.Scope() >= v.strings:
		return damage.ScopeIndex
	case e == 0 || r.Scope() == 0: // the leading empty string is not a name
		return damage.Coordinate
	case r.Kind().IsMarker():
		return damage.Kind
	}
	sequence := r.Sequence()
	if v.any && sequence <= v.sequence {
		return damage.Order
	}
	if sequence >= v.bounds.NextSequence || v.bounds.NextSequence > artifact.MaxAllocator {
		return damage.Allocator
	}
	if !v.position(r) {
		return damage.Position
	}
	v.any, v.sequence = true, sequence
	return ""
}

// position reports whether the frame lies after the last one, inside a segment,
// and before the watermark.
func (v *validator) position(r artifact.Raw) bool {
	p := r.Position()
	if !v.any || p.Segment != v.segment {
		if v.any && p.Segment < v.segment {
			return false
		}
		size, ok := v.bounds.SegmentSize(p.Segment)
		if !ok {
			return false
		}
		if w := v.bounds.Watermark; p.Segment > w.Segment {
			return false
		} else if p.Segment == w.Segment {
			size = min(size, w.Offset)
		}
		v.segment, v.size, v.end = p.Segment, size, segment.MinSize
	}
	if p.Length <= segment.FrameHead || p.Length > segment.MaxFrame {
		return false
	}
	if p.Offset < v.end || p.Offset > v.size || uint64(p.Length) > v.size-p.Offset {
		return false
	}
	v.end = p.End()
	return true
}
