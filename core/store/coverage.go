package store

import (
	"cmp"
	"errors"
	"strconv"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// batpak 0.4.0 indexes only the events it has read, and it does not read every
// acknowledged one: it misses items of a batch that went over a rotation (D19), events
// after damage (D25), and events that a footer omits. An index.fbati with its own
// index.thaw was written or checked by thaw. Any other is compared with the segments it
// covers, once, when its index is built:
//
// The frames of its records must fill each segment from the header to the footer, but for
// the markers of batches. So in a segment without batches, one read of the header and one
// of the trailer prove that no event is missing, even if the footer lists less. Otherwise the
// gaps are walked. If one holds anything but markers, such as an unfinished batch or
// damage, the segments are replayed to see what an open without the index would show.

// LeftOut is the cause of a [damage.Incomplete]: the first event that the index lacks.
type LeftOut struct {
	ID       event.ID
	Sequence uint64
	event.Position
}

// Error names the event and where it lies.
func (e *LeftOut) Error() string {
	return "store: event " + e.ID.String() + " at byte " + strconv.FormatUint(e.Offset, 10) + " of " +
		segment.Name(e.Segment) + " is not in it"
}

// checkComplete reports whether an index that ends at w lacks events. The error is a
// [damage.Refusal] of reason incomplete, or one of Stop's. An index.fbati is read from src
// directly, so that its pages still count as untouched: a query's first read of each goes
// to the file and is checked.
func (o *opening) checkComplete(p *part, src source.Source, w artifact.Watermark) error {
	image := p.Image
	if p.unsaved != nil {
		h, err := artifact.ReadHeader(src)
		if err != nil {
			return err
		}
		image = index.FileImage(src, &h)
	}
	c := coverage{s: o.Snapshot, to: w}
	whole, err := c.covers(image)
	o.crossesUnsealed = c.crosses
	if whole || err != nil || o.options.ValidateOnly != nil { // the caller compares every event itself
		return err
	}
	read, _, err := o.replayPart(&partFile{to: w})
	if err != nil {
		if stop := (stopError{}); errors.As(err, &stop) || unread(err) {
			return err
		}
		return nil // an open without the index would fare no better
	}
	readers := []*index.Reader{p.Reader()}
	return read.Image.EachBlock(func(_ uint64, block []byte) error {
		if err := o.options.stopped(); err != nil {
			return err
		}
		for ; len(block) > 0; block = block[artifact.RecordSize:] {
			r := artifact.Raw(block[:artifact.RecordSize])
			if found, err := anyHas(readers, r); err != nil || !found {
				left := &LeftOut{ID: r.ID(), Sequence: r.Sequence(), Position: r.Position()}
				return cmp.Or[error](err, damage.Refuse(damage.Incomplete, -1, left))
			}
		}
		return nil
	})
}

// coverage walks segments and the records of an index side by side.
type coverage struct {
	s    *Snapshot
	to   artifact.Watermark
	next int // segment in the listing to begin next

	id   uint64 // of the current segment, 0 before the first
	src  source.Source
	end  uint64 // all bytes before it are accounted for; 0 before the header is read
	left bool   // a gap holds anything but markers
	err  error  // why a segment could not be read, the first time

	// Whether the walk has met records; after them a segment with a footer; after that one
	// with records and no footer; and after that records again.
	any, sealed, unsealed, crosses bool
	records                        bool // in the current segment
}

// covers reports whether the records of an index account for all frames before c.to.
func (c *coverage) covers(image index.Image) (bool, error) {
	err := image.EachBlock(func(_ uint64, block []byte) error {
		for ; len(block) > 0 && !c.left; block = block[artifact.RecordSize:] {
			at := artifact.Raw(block[:artifact.RecordSize]).Position()
			if at.Segment != c.id {
				if err := c.begin(at.Segment); err != nil {
					return err
				}
			}
			if at.Offset > c.end && (c.end > 0 || at.Offset >= segment.MinSize+segment.LeastFrame) {
				c.left = c.walk(at.Offset) != at.Offset || c.left
			}
			c.end = at.End()
			c.any, c.records, c.crosses = true, true, c.crosses || c.unsealed
		}
		return nil
	})
	if err == nil {
		err = c.begin(c.to.Segment + 1)
	}
	return !c.left, cmp.Or(err, c.err)
}

// failed keeps the first error of reading a segment. Any other defect of a segment shows
// as a gap, and a segment that is gone is no evidence against the index.
func (c *coverage) failed(err error) {
	if c.err == nil && errors.Is(err, source.ErrRead) {
		c.err = source.Named(segment.Name(c.id), err)
	}
}

// begin finishes the current segment and those without records, and opens segment id.
func (c *coverage) begin(id uint64) error {
	for all := c.s.listing.Segments; !c.left && c.id != id; c.next++ {
		c.finish()
		if c.next == len(all) || all[c.next].ID > min(id, c.to.Segment) {
			return nil
		}
		if err := c.s.options.stopped(); err != nil {
			return err
		}
		c.open(all[c.next].ID)
	}
	return nil
}

func (c *coverage) open(id uint64) {
	var err error
	c.id, c.end, c.records = id, 0, false
	c.src, err = directory.Open(c.s.files, segment.Name(id))
	c.failed(err)
}

// skipHeader reads the header, once. A damaged one counts as a gap.
func (c *coverage) skipHeader() {
	if c.end > 0 {
		return
	}
	_, n, err := segment.ReadHeader(c.src)
	c.failed(err)
	c.end, c.left = uint64(n), c.left || err != nil
}

// finish walks from the last record of the current segment to its footer or end.
func (c *coverage) finish() {
	if c.src == nil {
		return
	}
	c.skipHeader()
	end := uint64(max(c.src.Size(), 0))
	if c.id == c.to.Segment {
		end = min(end, c.to.Offset)
	}
	sealed, err := segment.FooterBegins(c.src, c.end)
	c.failed(err)
	if c.end < end && !sealed {
		sealed, err = segment.FooterBegins(c.src, c.walk(end))
		c.failed(err)
	}
	if sealed {
		c.sealed = c.sealed || c.any
	} else {
		c.unsealed = c.unsealed || c.sealed && c.records
	}
	c.src = nil
}

// walk walks the frames from the last record to an offset, and returns where it ended:
// earlier at a torn end or a damaged footer.
func (c *coverage) walk(to uint64) uint64 {
	if c.src == nil {
		return to
	}
	if size := uint64(max(c.src.Size(), 0)); to > size {
		return size
	}
	if c.skipHeader(); c.left || c.end >= to {
		return c.end
	}
	w := segment.NewWalker(source.Part(c.src, 0, to), c.end)
	for {
		step, ok := w.Next()
		if !ok {
			c.failed(w.Err())
			return w.Offset()
		}
		if b := step.Body; step.Damage != nil || b == nil || !b.Kind.IsMarker() {
			c.left = true
			return to
		}
	}
}
