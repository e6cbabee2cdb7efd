package verify

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// sequences determines the sequence of each event from the claims about it, and reports
// the wrong claims.
type sequences struct {
	*comparison
	any  bool
	last uint64 // sequence of the last event
	// least is the lowest sequence that the last event could have.
	least uint64
	from  claim // decided the last event's sequence
	event damage.Touched
	// misled says that a footer has a wrong sequence, which may have made replay reject
	// later footers.
	misled bool
}

// next returns the lowest sequence that the next event can have.
func (s *sequences) next() uint64 {
	if !s.any {
		return 0
	}
	return s.last + 1
}

// determine finds the sequence of the event t at position p from the collected claims.
// t has the sequence that readers see.
func (s *sequences) determine(p event.Position, t damage.Touched) {
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
	case number < next: // claimed by a footer, since an open checks index images
		s.fall(&by, number, t)
		number = max(number, s.last)
	case number > next && !by.footer && len(s.truth.losses) == 0 && !s.thinned(p.Segment):
		n := Note{Topic: SequenceGap, File: by.file, Offset: by.offset, First: next, End: number, Event: t, Named: true}
		if by.file == "" {
			n.File, n.Offset = segment.Name(p.Segment), p.Offset
		}
		s.findings.note(n)
	}
	s.any, s.last, s.least, s.from, s.event = true, number, next, by, t
}

// thinned reports whether events are missing in a segment, which is noted for all of it.
func (s *sequences) thinned(id uint64) bool {
	_, ok := s.truth.thinned[segment.Name(id)]
	return ok
}

// believed returns the index of the claim to believe: one that another claim confirms,
// else one whose sequence follows the last event's, else one covered by a checksum.
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

// fall blames one of two sequences that do not rise: the earlier if it left a gap in which
// the later would fit, else the later.
func (s *sequences) fall(by *claim, number uint64, t damage.Touched) {
	s.misled = true
	if s.last > s.least && number > s.least && s.from.file != "" {
		s.findings.damage(at(s.from.file, s.from.offset, s.from.reason(), errRises, &s.event))
		s.last = number // later claims continue from here
		return
	}
	s.findings.damage(at(by.file, by.offset, by.reason(), errRises, &t))
}

// blame reports a claim that another claim outvotes.
func (s *sequences) blame(cl *claim, t *damage.Touched) {
	s.misled = s.misled || cl.footer
	s.findings.damage(at(cl.file, cl.offset, cl.reason(), errSequence, t))
}
