package verify

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// sequences settles the number of each event from what footers and snapshots
// claim, and reports the claims that cannot be.
type sequences struct {
	*comparison
	any  bool
	last uint64 // the number settled last
	// could is the least number that the event settled last could have had.
	could uint64
	from  claim // the claim that settled it
	event damage.Touched
	// misled says that a footer gives a wrong number, after which replay may not
	// have believed the footers after it.
	misled bool
}

// next is the least number that the next event can have.
func (s *sequences) next() uint64 {
	if !s.any {
		return 0
	}
	return s.last + 1
}

// settle finds the number of the event t at a place, whose claims were gathered. t has
// the one that is shown.
func (s *sequences) settle(p event.Position, t damage.Touched) {
	next := s.next()
	var by claim
	number := max(next, t.Sequence)
	if len(s.claims) > 0 {
		by = s.claims[s.believed(next)]
		number = by.facts.Sequence
		for k := range s.claims {
			if cl := &s.claims[k]; cl.facts.Sequence != number {
				s.blame(cl, &t)
			}
		}
	}
	switch {
	case number < next: // by a footer: of snapshots an open checks this
		s.fall(&by, number, t)
		number = max(number, s.last)
	case number > next && !by.footer && len(s.truth.losses) == 0:
		n := Note{Topic: SequenceGap, File: by.file, Offset: by.offset, First: next, End: number, Event: t, Named: true}
		if by.file == "" {
			n.File, n.Offset = segment.Name(p.Segment), p.Offset
		}
		s.findings.note(n)
	}
	s.any, s.last, s.could, s.from, s.event = true, number, next, by, t
}

// believed chooses among claims that may differ: what two say, else what
// follows on the event before, else what a checksum covers.
func (s *sequences) believed(next uint64) int {
	for k := range s.claims {
		for m := range s.claims[:k] {
			if s.claims[m].facts.Sequence == s.claims[k].facts.Sequence {
				return m
			}
		}
	}
	for k := range s.claims {
		if s.claims[k].facts.Sequence == next {
			return k
		}
	}
	for k := range s.claims {
		if !s.claims[k].footer {
			return k
		}
	}
	return 0
}

// fall blames one of two numbers that do not rise: the earlier when it had
// leapt and the later would fit otherwise.
func (s *sequences) fall(by *claim, number uint64, t damage.Touched) {
	s.misled = true
	if s.last > s.could && number > s.could && s.from.file != "" {
		s.findings.damage(at(s.from.file, s.from.offset, s.from.reason(), errRises, &s.event))
		s.last = number // the claim after it goes on from here
		return
	}
	s.findings.damage(at(by.file, by.offset, by.reason(), errRises, &t))
}

// blame reports a claim that others outvote.
func (s *sequences) blame(cl *claim, t *damage.Touched) {
	s.misled = s.misled || cl.footer
	s.findings.damage(at(cl.file, cl.offset, cl.reason(), errSequence, t))
}
