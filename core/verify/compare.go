package verify

import (
	"bytes"
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// claim is what a footer entry or a record of an index image says of one event.
type claim struct {
	file          string
	offset        uint64 // of the entry or record in the file
	footer        bool
	facts         event.Facts
	entity, scope []byte
}

// reason returns the reason of damage for a wrong claim.
func (c *claim) reason() damage.Reason {
	if c.footer {
		return damage.Footer
	}
	return damage.Disagrees
}

// says reports whether the claim has the facts f, sequence aside, and the names.
func (c *claim) says(f event.Facts, entity, scope []byte) bool {
	f.Sequence = c.facts.Sequence
	return f == c.facts && bytes.Equal(entity, c.entity) && bytes.Equal(scope, c.scope)
}

// Causes of damage for wrong claims.
var (
	errClaim     = errors.New("verify: it differs from the frame")
	errExtra     = errors.New("verify: there is no event at its position")
	errLeftOut   = errors.New("verify: an event that it covers is missing")
	errFrame     = errors.New("verify: the frame differs from what footer and index images agree on")
	errSequence  = errors.New("verify: the sequence differs from the one that others give the event")
	errRises     = errors.New("verify: the sequence does not lie between its neighbours'")
	errAllocator = errors.New("verify: the allocator differs from that of the other index image")
	errGivenOut  = errors.New("verify: an event after the watermark has a sequence below the allocator")
	errOrder     = errors.New("verify: the entries are not in the order of their frames")
)

// comparison compares all events with the claims about them.
type comparison struct {
	*check
	sequences sequences
	claims    []claim // of the current event
	buffer    []byte  // of the segment's footer
	touched   damage.Touched
	// explained holds the files with a wrong claim, which is reported as damage of its
	// own.
	explained map[string]bool
}

func newComparison(of *check) *comparison {
	c := &comparison{check: of, explained: map[string]bool{}}
	c.sequences.comparison = c
	return c
}

// segment compares the events of a segment after its walk.
func (c *comparison) segment(s directory.SegmentEntry, w *walkResult) error {
	f, err := c.footer(s, w)
	if err != nil {
		return err
	}
	for i := range c.truth.now.Len() {
		if err := c.each(i); err != nil {
			return err
		}
		if err := c.event(c.truth.now.At(i), f); err != nil {
			return err
		}
	}
	f.finish()
	return nil
}

// finish handles what remains after the last event.
func (c *comparison) finish() error {
	for _, s := range c.images {
		for s.more {
			if err := c.extra(s); err != nil {
				return err
			}
		}
		c.unused(s.file, s.namesAt, s.names.Len(), s.used, 1)
	}
	c.allocators()
	c.carryOver()
	return nil
}

// event collects the claims about an event and checks them.
func (c *comparison) event(raw artifact.Raw, f *footer) error {
	facts := raw.Decode().Facts
	i := int(facts.Sequence)
	t := &c.touched // reused to save an allocation per event
	*t = damage.Touched{ID: facts.ID, Sequence: c.view.sequences.At(i), Numbered: true}
	c.claims = c.claims[:0]
	if cl, ok := f.claim(facts.Position.Offset, t); ok {
		c.claims = append(c.claims, cl)
	}
	for _, s := range c.images {
		for s.more && before(s.position(), facts.Position) {
			if err := c.extra(s); err != nil {
				return err
			}
		}
		switch {
		case s.more && s.position().Segment == facts.Position.Segment && s.position().Offset == facts.Position.Offset:
			c.claims = append(c.claims, s.claim())
			if err := s.next(); err != nil {
				return err
			}
		case s.covers(facts.Position):
			c.findings.damage(at(s.file, s.offset, damage.Disagrees, errLeftOut, t))
		}
	}
	c.vote(i, facts, c.truth.entity(raw), c.truth.scope(raw), t)
	c.sequences.determine(facts.Position, *t)
	for _, s := range c.images {
		if c.sequences.from.footer && c.sequences.last < s.allocator && !s.watermark.Covers(facts.Position) &&
			!c.sequences.misled && !c.findings.blames(s.file, damage.Allocator) {
			c.findings.damage(at(s.file, 0, damage.Allocator, errGivenOut, t))
		}
	}
	return nil
}

// vote reports the wrong claims about event i, or the frame if all wrong claims agree and
// there are several.
func (c *comparison) vote(i int, facts event.Facts, entity, scope []byte, t *damage.Touched) {
	var wrong []*claim
	for k := range c.claims {
		if cl := &c.claims[k]; !cl.says(facts, entity, scope) {
			wrong = append(wrong, cl)
			c.explained[cl.file] = true
		}
	}
	if len(wrong) == 0 || c.suspects[i] {
		return
	}
	agree := len(wrong) > 1
	for _, cl := range wrong[1:] {
		agree = agree && cl.says(wrong[0].facts, wrong[0].entity, wrong[0].scope)
	}
	if agree {
		c.findings.damage(at(segment.Name(facts.Position.Segment), facts.Position.Offset, damage.Disagrees, errFrame, t))
		return
	}
	for _, cl := range wrong {
		c.findings.damage(at(cl.file, cl.offset, cl.reason(), errClaim, t))
	}
}

// extra handles a record without an event and advances to the next record. If its frame
// would lie in damaged bytes, the record names a lost event.
func (c *comparison) extra(s *imageReader) error {
	t := damage.Touched{ID: s.record.ID, Sequence: s.record.Sequence, Numbered: true}
	p := s.position()
	if d := c.truth.covering(p.Segment, p.Offset); d != nil {
		touch(d, t)
	} else if !c.truth.lost[t.ID] {
		c.findings.damage(at(s.file, s.offset, damage.Disagrees, errExtra, &t))
	}
	return s.next()
}

// unused adds a note if a name from number first on has no use.
func (c *comparison) unused(file string, offset uint64, n int, used []uint64, first int) {
	for i := first; i < n; i++ {
		if used[i/64]&(1<<(i%64)) == 0 {
			c.findings.note(Note{Topic: UnusedNames, File: file, Offset: offset})
			return
		}
	}
}

// allocators compares the allocators of the index images.
func (c *comparison) allocators() {
	used := max(c.sequences.next(), c.ranges.End(), c.truth.next)
	for k, s := range c.images {
		for _, o := range c.images[:k] {
			if o.watermark != s.watermark || o.allocator == s.allocator {
				continue
			}
			wrong := s // the checkpoint comes last
			if s.allocator == s.after {
				wrong = o
			}
			c.findings.damage(at(wrong.file, 0, damage.Allocator, errAllocator, nil))
		}
		if s.allocator > used && !c.findings.blames(s.file, damage.Allocator) {
			c.findings.note(Note{Topic: AllocatorAhead, File: s.file, First: used, End: s.allocator})
		}
	}
}

// carryOver reports findings of replay and of the open that nothing else explains.
func (c *comparison) carryOver() {
	for _, why := range c.truth.report.Rejected {
		if !c.findings.blames(why.File, damage.Footer) && !c.explained[why.File] && !c.sequences.misled {
			c.refused(why.File, why)
		}
	}
	d := c.view.differs
	if d == nil || len(c.truth.losses) > 0 || c.explained[d.File] || c.findings.blamed(d.File) {
		return
	}
	if d.File == "" {
		d.File = c.dir.listing.Segments[0].Name
	}
	c.findings.damage(d)
}
