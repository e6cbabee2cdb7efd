package store

import (
	"math"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
)

// loadCheckpoint makes a part of an index.ckpt, which is read whole.
func (o *opening) loadCheckpoint(src source.Source, sizes func(uint64) (uint64, bool)) (*part, base, error) {
	c, err := readCheckpoint(src)
	if err != nil {
		return nil, base{}, err
	}
	b := base{watermark: c.Watermark, nextSequence: c.Allocator}
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
	p, err := draftPart(d, index.Bounds{NextSequence: c.Allocator, Watermark: c.Watermark, SegmentSize: sizes}, o.options)
	return p, b, err
}

// readCheckpoint reads an index.ckpt. The head is checked before the length is
// believed.
func readCheckpoint(src source.Source) (*checkpoint.Checkpoint, error) {
	head := make([]byte, min(max(src.Size(), 0), checkpoint.HeadSize))
	if err := source.Read(src, head, 0); err != nil {
		return nil, damage.Refuse(damage.Unreadable, 0, err)
	}
	if err := checkpoint.CheckHead(head); err != nil {
		return nil, err
	}
	if uint64(src.Size()) > math.MaxInt {
		return nil, damage.Refuse(damage.Overflow, -1, nil)
	}
	raw := make([]byte, src.Size())
	if err := source.Read(src, raw, 0); err != nil {
		return nil, damage.Refuse(damage.Unreadable, 0, err)
	}
	return checkpoint.Decode(raw)
}
