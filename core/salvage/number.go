package salvage

import (
	"cmp"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
)

// numberExtras sorts the extras by sequence, and leaves out those without one, or whose
// sequence another event has.
func (s *Salvage) numberExtras() {
	slices.SortStableFunc(s.extras, func(a, b extra) int { return cmp.Compare(a.Sequence, b.Sequence) })
	seen := map[event.ID]*extra{}
	out := s.extras[:0]
	for _, x := range s.extras {
		if x.numbered {
			out = append(out, x)
			seen[x.ID] = &out[len(out)-1]
			continue
		}
		if other := seen[x.ID]; other != nil && other.EventHash == x.EventHash && other.Clock == x.Clock && other.Coordinate == x.Coordinate {
			s.report.Duplicates++
			continue
		}
		reason := cmp.Or(x.doubt, damage.Lost)
		switch {
		case x.Sequence >= artifact.MaxAllocator, s.taken(x.Sequence), len(out) > 0 && out[len(out)-1].Sequence == x.Sequence:
			x.Sequence = unnumbered
			s.doubt(&x, LeftOut, reason)
			continue
		case x.doubt != "":
			s.doubt(&x, Kept, reason)
		}
		if x.repair {
			s.report.Reencoded++
		}
		x.numbered = true
		out = append(out, x)
		seen[x.ID] = &out[len(out)-1]
	}
	s.extras = out
}

// taken reports whether a sound event of the snapshot has a sequence.
func (s *Salvage) taken(sequence uint64) bool {
	e, err := s.snapshot.At(sequence)
	return err == nil && s.badAt(e.Position.Segment, e.Position.Offset) == nil
}
