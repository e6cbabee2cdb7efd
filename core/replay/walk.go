package replay

import (
	"math"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/segment"
)

// walk reads the frames from offset from on. footer, unless nil, numbers them;
// walk returns as soon as the footer contradicts them. header is the trouble
// with the header: the bytes before the first frame are part of it. What looks
// like a frame where only a header can be is none: no index can list it.
func (s *Scan) walk(in input, from uint64, footer *hints, header *damage.Refusal) error {
	s.hints, s.wrong = footer, false
	if header != nil {
		from = min(segment.MinSize, uint64(max(in.source.Size(), 0)))
	}
	if s.walker == nil {
		s.walker = segment.NewWalker(in.source, from)
	} else {
		s.walker.Reset(in.source, from)
	}
	w := s.walker
	steps := steps{w: w, in: in, header: header}
	if s.ahead == nil {
		steps.until(s, math.MaxUint64)
	} else {
		w.Blocks(s.ahead, footer.noter(in.id), func(until uint64) bool { return steps.until(s, until) })
	}
	if steps.err != nil || steps.cut {
		return steps.err
	}
	header = steps.header
	if w.Err() != nil || s.wrong {
		return w.Err()
	}
	rest := w.Rest()
	if w.Err() != nil {
		return w.Err()
	}
	s.rest = rest
	if header != nil {
		s.lose(&damage.Damage{File: s.file, Length: rest.Offset + rest.Length, Reason: header.Reason, Err: header.Err})
		return nil
	}
	s.end(in, rest)
	return nil
}

// steps is the state of a walk between two blocks.
type steps struct {
	w      *segment.Walker
	in     input
	header *damage.Refusal // nil once it was reported
	count  int
	cut    bool // the log ends before a step
	err    error
}

// until takes steps until an offset is reached, and reports whether more may
// follow.
func (t *steps) until(s *Scan, offset uint64) bool {
	for ; !s.wrong && t.w.Offset() < offset; t.count++ {
		if s.stop != nil && t.count%1024 == 0 {
			if t.err = s.stop(); t.err != nil {
				return false
			}
		}
		step, ok := t.w.Next()
		if !ok {
			return false
		}
		if step.Damage != nil && t.in.unproven(step.Offset) {
			s.cutShort(t.in, &step)
			t.cut = true
			return false
		}
		if t.header != nil {
			if step.Body != nil {
				s.step(segment.Step{Length: step.Offset, Damage: t.header})
			} else {
				step = segment.Step{Length: step.Offset + step.Length, Damage: t.header}
			}
			t.header = nil
		}
		if step.Damage != nil {
			s.step(step)
		}
		if step.Body != nil {
			if t.err = s.frame(t.in.id, &step); t.err != nil {
				return false
			}
		}
		// Bytes at the very end may be an append in progress.
		if !s.batch.open && (step.Body != nil || t.w.Offset() < t.w.Size()) {
			s.at = Place{Segment: t.in.id, Offset: t.w.Offset()}
		}
	}
	return !s.wrong
}

// end handles the bytes after the last frame.
func (s *Scan) end(in input, rest segment.Rest) {
	sealed := s.hints != nil || rest.Footer
	switch {
	case s.hints != nil:
		if s.wrong = !s.hints.holds(rest.Offset); s.hints.doubt && !s.wrong {
			s.reject(rest.Offset)
		}
	case rest.Footer && !in.unproven(rest.Offset):
		s.reject(rest.Offset)
	case rest.Length > 0 && in.newest && (in.mark == nil || in.unproven(rest.Offset)):
		s.report.Torn = &Torn{File: s.file, Offset: rest.Offset, Length: rest.Length, ID: rest.ID, Named: rest.Named, Unproven: in.mark != nil, Frames: false}
	case rest.Length > 0 && !in.shortened():
		d := &damage.Damage{File: s.file, Offset: rest.Offset, Length: rest.Length, Reason: damage.Torn}
		if rest.Named {
			d.Touch(damage.Touched{ID: rest.ID})
		}
		s.lose(d)
	}
	s.ending.Whole = rest.Offset
	if s.hints != nil && !s.wrong {
		s.ending.CutFooter = s.hints.cut && !s.hints.differs
		s.ending.Sealed = !s.ending.CutFooter
	}
	if !s.wrong && !sealed && !in.newest {
		s.abandon() // an unclean stop: another session wrote the next segment
		s.unsealed = true
		s.report.Unsealed = append(s.report.Unsealed, Unsealed{File: s.file, Offset: rest.Offset, Next: s.log.next})
	}
}
