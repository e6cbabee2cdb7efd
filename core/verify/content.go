package verify

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// Causes of damage in the body of a frame whose checksum holds.
var (
	errContentHash = errors.New("verify: content_hash differs from event_hash")
	errDigest      = errors.New("verify: the payload's digest differs from event_hash")
	errPayloadSize = errors.New("verify: payload_size is not the size of the payload")
	errMarker      = errors.New("verify: a batch marker has a field that only events have")
)

// walkResult is what the comparison needs from the walk over a segment.
type walkResult struct {
	rest segment.Rest
	ok   bool // the walk reached the end of the frames
	// Events at or after offset spanFrom belong to a batch that continues in the next
	// segment, events before spanTo to one that began in the segment before.
	spanFrom, spanTo uint64
}

// walk is the state of the walk over all frames.
type walk struct {
	*check
	chains []chain      // by number of the entity's name
	next   placesReader // of the segment, at its next event
	losses int          // number passed
	epoch  uint32
	// thinned counts the segments so far from which events are missing; inThinned says that
	// the current one is of them.
	thinned   uint32
	inThinned bool
	batch     openBatch
	walker    *segment.Walker
	// redacted counts the redacted events of the segment.
	redacted redacted
}

type openBatch struct {
	open  bool
	id    event.ID
	count uint32
	items uint32
	holes bool
}

// content checks every frame of every segment and the claims about it.
func (c *check) content() error {
	w := &walk{check: c}
	claims := newComparison(c)
	c.suspects = map[int]bool{}
	for _, s := range c.dir.listing.Segments {
		clear(c.suspects)
		c.truth.now.Reset()
		src, err := c.dir.Open(s.Name)
		if err != nil {
			return err
		}
		done, err := w.segment(s, w.truth.whole(s.Name, src))
		if err != nil {
			return err
		}
		if err := claims.segment(s, &done); err != nil {
			return err
		}
		c.progress(size(s.Entry))
	}
	return claims.finish()
}

// cutOff reports that a segment was not read from an offset on, unless replay reported it.
// A failed read never gets here: it ends the run.
func (w *walk) cutOff(s directory.SegmentEntry, offset uint64, err error) {
	reason := damage.Effort
	if errors.Is(err, source.ErrShort) {
		reason = damage.Shortened
	}
	if w.findings.blames(s.Name, reason) {
		return
	}
	d := at(s.Name, offset, reason, err, nil)
	w.findings.damage(d)
	w.truth.losses = append(w.truth.losses, loss{segment: s.ID, offset: offset, end: ^uint64(0), damage: d})
	w.truth.sortLosses()
}

// segment walks one segment.
func (w *walk) segment(s directory.SegmentEntry, src source.Source) (walkResult, error) {
	done := walkResult{spanFrom: ^uint64(0)}
	w.next = w.truth.places.of(s.ID)
	from, ok := w.header(s, src)
	if !ok {
		return done, nil
	}
	carried := w.batch.open
	begun := ^uint64(0)
	if w.walker == nil {
		w.walker = segment.NewWalker(src, from)
	} else {
		w.walker.Reset(src, from)
	}
	frames := w.walker
	for n := 0; ; n++ {
		if err := w.each(n); err != nil {
			return done, err
		}
		step, ok := frames.Next()
		if !ok {
			break
		}
		if step.Body == nil {
			w.batch.holes = true
			continue
		}
		w.frames++
		w.pass(s.ID, step.Offset)
		switch step.Body.Kind {
		case event.SystemBatchBegin:
			begun, carried = step.Offset, false
			w.batch = openBatch{open: true, id: step.Body.ID, count: step.Body.PayloadSize}
			w.marker(s.Name, &step)
		case event.SystemBatchCommit:
			if carried {
				done.spanTo, carried = step.Offset, false
			}
			if b := &w.batch; b.open && b.id == step.Body.ID && b.count == b.items && !b.holes && b.count > 0 {
				w.batches++ // empty ones only name sequences: see segment.AppendNumbers
			}
			w.batch = openBatch{}
			w.marker(s.Name, &step)
		default:
			w.batch.items++
			if err := w.eventFrame(s, &step); err != nil {
				return done, err
			}
		}
	}
	if w.batch.open && begun != ^uint64(0) {
		done.spanFrom = begun
	}
	w.redacted.note(w.findings, s.Name)
	done.rest, done.ok = frames.Rest(), frames.Err() == nil
	if !done.ok {
		w.cutOff(s, frames.Offset(), frames.Err())
	}
	return done, nil
}

// header returns the offset of a segment's first frame. ok is false if there is nothing to
// walk, which replay reported.
func (w *walk) header(s directory.SegmentEntry, src source.Source) (from uint64, ok bool) {
	h, n, err := segment.ReadHeader(src)
	var why *damage.Refusal
	if errors.As(err, &why) {
		return 0, why.Reason != damage.Short && why.Reason != damage.Version
	}
	if err != nil || h.SegmentID != s.ID {
		return 0, false
	}
	switch _, w.inThinned = w.truth.thinned[s.Name]; {
	case w.inThinned:
		w.thinned++
	case h.Flags != 0:
		w.findings.note(Note{Topic: Unusual, File: s.Name, Detail: "the header has flags"})
	}
	return uint64(n), true
}

// pass counts the losses before a position.
func (w *walk) pass(id, offset uint64) {
	for ; w.losses < len(w.truth.losses); w.losses++ {
		l := w.truth.losses[w.losses]
		if l.segment > id || l.segment == id && l.end > offset {
			return
		}
		if l.damage.Reason != damage.FrameLength { // which loses no event
			w.epoch++
		}
	}
}

// marker checks the form of a BEGIN or COMMIT.
func (w *walk) marker(file string, step *segment.Step) {
	b := step.Body
	if !b.IsMarker() || !b.ContentHash.IsZero() || b.Clock != 0 || b.Caused ||
		b.Kind == event.SystemBatchCommit && b.PayloadSize != 0 {
		w.findings.damage(at(file, step.Offset, damage.Batch, errMarker, nil))
	}
}

// eventFrame checks the frame of an event and, unless the event is an item of an
// uncommitted batch, its place in the entity's chain.
func (w *walk) eventFrame(s directory.SegmentEntry, step *segment.Step) error {
	b := step.Body
	p := event.Position{Segment: s.ID, Offset: step.Offset, Length: uint32(step.Length)}
	for w.next.more && before(w.next.at, p) {
		w.next.next()
	}
	i, exists := w.next.i, w.next.more && w.next.at == p
	t := damage.Touched{ID: b.ID}
	if exists {
		t.Sequence, t.Numbered = w.view.sequences.At(i), true
	}
	if b.Redacted() {
		w.redacted.add(b.Kind, t)
	}
	report := func(reason damage.Reason, err error) {
		w.findings.damage(at(s.Name, step.Offset, reason, err, &t))
		if exists {
			w.suspects[i] = true
		}
	}
	switch {
	case !b.Chained && !b.ContentHash.IsZero():
		report(damage.Chain, errNoChain)
	case b.ContentHash != b.EventHash:
		report(damage.PayloadHash, errContentHash)
	case b.Redacted(): // nothing is left to compare
	case w.o.Hash != nil && !b.EventHash.IsZero() && w.o.Hash(b.Payload) != b.EventHash:
		report(damage.PayloadHash, errDigest)
	}
	if uint64(b.PayloadSize) != uint64(len(b.Payload)) {
		report(damage.FrameBody, errPayloadSize)
	}
	w.unusual(s.Name, step, t)
	if !exists {
		return nil
	}
	w.next.next()
	f := b.Facts(p)
	f.Sequence = uint64(i)
	if err := w.truth.now.Append(&f, b.Entity, b.Scope); err != nil {
		return err
	}
	if w.duplicates.again(b.ID) {
		w.findings.note(Note{Topic: DuplicateID, File: s.Name, Offset: step.Offset, Event: t, Named: true})
	}
	entity := w.truth.now.At(w.truth.now.Len() - 1).Entity()
	for int(entity) >= len(w.chains) {
		w.chains = append(w.chains, chain{})
	}
	now := head{hash: b.EventHash, wall: b.WallMS, clock: b.Clock, any: true, hidden: w.hides(i), suspect: w.suspects[i]}
	why, fork := w.link(&w.chains[entity], &f, now)
	if why != nil {
		report(damage.Chain, why)
	}
	if fork {
		w.findings.note(Note{Topic: ChainFork, File: s.Name, Offset: step.Offset, Event: t, Named: true})
	}
	return nil
}

// link adds the next event to the chain of its entity. Events may be missing before it if a
// segment says so that is not before the entity's last event.
func (w *walk) link(c *chain, f *event.Facts, now head) (why error, fork bool) {
	why, fork = c.link(f, now, w.epoch, w.inThinned || c.thinned != w.thinned)
	if c.thinned = w.thinned; w.inThinned {
		c.thinned-- // more may be missing after the event
	}
	return why, fork
}

// unusual adds a note for fields that no known writer sets.
func (w *walk) unusual(file string, step *segment.Step, t damage.Touched) {
	b := step.Body
	n := Note{Topic: Unusual, File: file, Offset: step.Offset, Event: t, Named: true}
	known := uint8(event.FlagRequiresAck | event.FlagTransactional | event.FlagReplay)
	if b.Redacted() {
		known |= event.FlagRedacted
	}
	switch {
	case b.ID.IsZero():
		n.Detail = "the event id is zero"
	case b.Caused && b.Causation.IsZero():
		n.Detail = "the causation id is zero"
	case b.Counter|b.Depth|b.Lane != 0:
		n.Detail = "counter, depth or lane is not zero"
	case b.Flags&^known != 0:
		n.Detail = "an undefined flag is set"
	case b.Redacted() && b.Meta.Len() > 0:
		n.Detail = "a redacted event has metadata"
	case b.Form != segment.PayloadArray:
		n.Detail = "the payload is not an array of bytes"
	default:
		return
	}
	w.findings.note(n)
}
