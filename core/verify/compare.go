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

// claim is what a footer entry or a snapshot's record says of one event.
type claim struct {
	file          string
	offset        uint64 // of the entry or record in the file
	footer        bool
	facts         event.Facts
	entity, scope []byte
}

// reason is what a wrong claim is reported under.
func (c *claim) reason() damage.Reason {
	if c.footer {
		return damage.Footer
	}
	return damage.Disagrees
}

// says reports whether the claim has the facts f, the sequence aside, and the
// names.
func (c *claim) says(f event.Facts, entity, scope []byte) bool {
	f.Sequence = c.facts.Sequence
	return f == c.facts && bytes.Equal(entity, c.entity) && bytes.Equal(scope, c.scope)
}

// Causes of a claim that is wrong.
var (
	errClaim     = errors.New("verify: it does not say what the frame says")
	errExtra     = errors.New("verify: there is no event at the place it names")
	errLeftOut   = errors.New("verify: an event that should be covered is left out")
	errFrame     = errors.New("verify: the frame does not say what footer and snapshots agree on")
	errSequence  = errors.New("verify: the sequence is not the one that others give the event")
	errRises     = errors.New("verify: the sequence does not lie between those before and after")
	errAllocator = errors.New("verify: the allocator is not the one of the other snapshot")
	errGivenOut  = errors.New("verify: a lower sequence than the allocator was given out after the watermark")
	errOrder     = errors.New("verify: the entries are not in the order of their frames")
)

// comparison goes over all events and everything that repeats them.
type comparison struct {
	*run
	sequences sequences
	claims    []claim // of the current event
	buffer    []byte  // of the segment's footer
	touched   damage.Touched
	// explained are the files that say of some event what its frame does not
	// say, where that is reported as damage of its own.
	explained map[string]bool
}

// newComparison holds footers and snapshots against the frames, segment by segment.
func newComparison(r *run) *comparison {
	c := &comparison{run: r, explained: map[string]bool{}}
	c.sequences.comparison = c
	return c
}

// segment compares the events of the segment that was walked.
func (c *comparison) segment(s directory.SegmentEntry, w *walked) error {
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

// finish settles what is left after the last event.
func (c *comparison) finish() error {
	for _, s := range c.snapshots {
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

// event gathers what footers and snapshots say of an event, and checks it.
func (c *comparison) event(raw artifact.Raw, f *footer) error {
	facts := raw.Decode().Facts
	i := int(facts.Sequence)
	t := &c.touched // one for all: it would cost an allocation for each event
	*t = damage.Touched{ID: facts.ID, Sequence: c.shown.sequences.At(i), Numbered: true}
	c.claims = c.claims[:0]
	if cl, ok := f.claim(facts.Position.Offset, t); ok {
		c.claims = append(c.claims, cl)
	}
	for _, s := range c.snapshots {
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
	c.sequences.settle(facts.Position, *t)
	for _, s := range c.snapshots {
		if c.sequences.from.footer && c.sequences.last < s.allocator && !s.watermark.Covers(facts.Position) &&
			!c.sequences.misled && !c.findings.blames(s.file, damage.Allocator) {
			c.findings.damage(at(s.file, 0, damage.Allocator, errGivenOut, t))
		}
	}
	return nil
}

// vote reports which claims of event i are wrong, or that the frame is, when
// several claims agree against it.
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

// extra settles a record for which there is no event, and goes on to the next.
// Where its frame lies in damaged bytes it names what was lost.
func (c *comparison) extra(s *snapshot) error {
	t := damage.Touched{ID: s.record.ID, Sequence: s.record.Sequence, Numbered: true}
	p := s.position()
	if d := c.truth.covering(p.Segment, p.Offset); d != nil {
		touch(d, t)
	} else if !c.truth.lost[t.ID] {
		c.findings.damage(at(s.file, s.offset, damage.Disagrees, errExtra, &t))
	}
	return s.next()
}

// unused notes names from number first on that nothing refers to.
func (c *comparison) unused(file string, offset uint64, n int, used []uint64, first int) {
	for i := first; i < n; i++ {
		if used[i/64]&(1<<(i%64)) == 0 {
			c.findings.note(Note{Topic: UnusedNames, File: file, Offset: offset})
			return
		}
	}
}

// allocators compares what the snapshots say is free.
func (c *comparison) allocators() {
	used := max(c.sequences.next(), c.ranges.End(), c.truth.next)
	for k, s := range c.snapshots {
		for _, o := range c.snapshots[:k] {
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

// carryOver reports what replay and the open found and nothing so far explains.
func (c *comparison) carryOver() {
	for _, why := range c.truth.report.Rejected {
		if !c.findings.blames(why.File, damage.Footer) && !c.explained[why.File] && !c.sequences.misled {
			c.refused(why.File, why)
		}
	}
	d := c.shown.differs
	if d == nil || len(c.truth.losses) > 0 || c.explained[d.File] || c.findings.blamed(d.File) {
		return
	}
	if d.File == "" {
		d.File = c.dir.listing.Segments[0].Name
	}
	c.findings.damage(d)
}
