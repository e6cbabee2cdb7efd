package compact

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// Causes of a DamageError.
var (
	errNotIndexed  = errors.New("compact: the index does not have the event")
	errUncommitted = errors.New("compact: the index has an event of a batch that was never committed")
	errNoBegin     = errors.New("compact: a batch ends that did not begin")
	errNotWhole    = errors.New("compact: the index does not have all events of a batch")
)

// maxItems bounds the batches that keep their markers.
const maxItems = 1 << 20

// batch is an atomic batch from BEGIN on. Its events are copied with or without its markers, or
// not at all when it was never committed; package replay says which frames are then its own.
type batch struct {
	open bool
	kept bool // with its markers
	id   event.ID
	// begun is BEGIN's time stamp, an upper bound on the items'; first is that of the first
	// item. count is how many items BEGIN announces.
	begun, first int64
	count, items uint32
	apart        bool // a frame since BEGIN is not of the batch, or there were count
	missing      bool // the index lacks an item
	// indexed is the first item that the index has.
	indexed event.Position
}

// item notes the frame of an event, which the index has or not. ok is false when it must have
// it.
func (b *batch) item(body *segment.Body, at event.Position, indexed bool) (ok bool) {
	if !b.open {
		return indexed
	}
	if b.items == 0 {
		b.first = body.TimestampUS
	}
	b.apart = b.apart || b.items == b.count || body.TimestampUS != b.first || body.TimestampUS > b.begun
	switch {
	case b.apart:
		b.items++ // it counts, should the batch be committed after all
		return indexed
	case !indexed:
		b.missing = true
	case b.indexed.Length == 0:
		b.indexed = at
	}
	b.items++
	return !b.kept || indexed
}

// abandon ends a batch without a COMMIT.
func (b *batch) abandon() error {
	if b.open && b.indexed.Length > 0 {
		return damaged(b.indexed.Segment, b.indexed.Offset, damage.Batch, errUncommitted)
	}
	return nil
}

// beginBatch handles a BEGIN. The queue has the events of the batch, if the index does.
func (c *copier) beginBatch(raw []byte) error {
	if err := c.batch.abandon(); err != nil {
		return err
	}
	b := &c.body
	c.batch = batch{open: true, id: b.ID, begun: b.TimestampUS, count: b.PayloadSize}
	kept, err := c.keepsBatch(c.at + uint64(len(raw)))
	if err != nil || !kept {
		return err
	}
	c.batch.kept = true
	if err := c.reach(c.n); err != nil {
		return err
	}
	return c.w.Marker(raw)
}

// keepsBatch reports whether the batch whose items begin at an offset stays as it is: it is
// committed, all of it lies in this segment, goes to one, and does not change.
func (c *copier) keepsBatch(at uint64) (bool, error) {
	count := int(c.batch.count)
	if count == 0 || count > len(c.queued()) {
		return false, nil
	}
	out := c.out
	for c.n >= c.g.outputs[out].end {
		out++
	}
	if c.n+count > c.g.outputs[out].end {
		return false, nil
	}
	in := c.in()
	for i := range c.queued()[:count] {
		p := c.queued()[i].Position
		if p.Segment != in.id || p.Offset != at || c.verdict(c.n+i) != Keep {
			return false, nil
		}
		at = p.End()
	}
	return c.commits(at)
}

// commits reports whether the COMMIT of the open batch is at an offset of the input.
func (c *copier) commits(at uint64) (bool, error) {
	in := c.in()
	if at >= in.end || in.end-at < segment.FrameHead {
		return false, nil
	}
	b := make([]byte, min(in.end-at, markerSize))
	if err := source.Read(c.src, b, at); err != nil {
		return false, source.Named(segment.Name(in.id), err)
	}
	length := segment.FrameLength(b)
	if length > uint64(len(b)) {
		return false, nil
	}
	var body segment.Body
	err := segment.DecodeFrame(b[:length], &body)
	return err == nil && body.Kind == event.SystemBatchCommit && body.ID == c.batch.id, nil
}

// commitBatch handles a COMMIT.
func (c *copier) commitBatch(raw []byte) error {
	b := c.batch
	c.batch = batch{}
	id := c.in().id
	switch {
	case !b.open || b.id != c.body.ID:
		return damaged(id, c.at, damage.Batch, errNoBegin)
	case b.missing || b.items != b.count:
		return damaged(id, c.at, damage.Batch, errNotWhole)
	case b.kept:
		return c.w.Marker(raw)
	}
	return nil
}
