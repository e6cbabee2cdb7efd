package salvage

import (
	"cmp"
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/visibility"
)

// Lineage returns the store.thaw of the new store, or nil if it needs none. The identity
// stays. If something is lost, the generation rises and the sequences that may be lost are
// removals at the given time, in milliseconds since 1970. If the store.thaw of the damaged
// store is damaged, the identity is the id of the first event again, and earlier removals are
// forgotten.
func (s *Salvage) Lineage(wallMS uint64) (*lineage.Lineage, error) {
	was, err := s.snapshot.Lineage()
	var d *damage.Damage
	if err != nil && !errors.As(err, &d) {
		return nil, err
	}
	l := was.Clone()
	if d == nil {
		if l.Identity, err = s.snapshot.Identity(); err != nil {
			return nil, err
		}
	}
	l.NextSequence = max(l.NextSequence, s.report.NextSequence)
	lost := s.removals()
	if len(lost) == 0 {
		if was == nil && l.NextSequence == s.report.End {
			return nil, nil
		}
		return l, nil
	}
	l.Generation++
	for _, r := range lost {
		r.WallMS = wallMS
		l.Add(r)
	}
	return l, nil
}

// removals returns the sequences that may be lost, by rising sequence and without overlap.
func (s *Salvage) removals() []lineage.Removal {
	var out []lineage.Removal
	for _, f := range s.report.Findings {
		r := lineage.Removal{Mode: lineage.Lost, First: f.FirstSequence, End: min(f.EndSequence, s.report.NextSequence), Events: f.Events}
		if f.Outcome == Kept || r.First >= r.End {
			continue
		}
		if r.Events > r.End-r.First {
			r.Events = 0
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b lineage.Removal) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.End, b.End))
	})
	joined := out[:0]
	for _, r := range out {
		if n := len(joined); n > 0 && r.First < joined[n-1].End {
			joined[n-1].End, joined[n-1].Events = max(joined[n-1].End, r.End), 0
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

// HiddenFile returns the visibility_ranges.fbv of the new store, nil without hidden ranges.
func (s *Salvage) HiddenFile() []byte {
	if len(s.report.HiddenRanges) == 0 {
		return nil
	}
	return visibility.AppendFile(nil, s.report.HiddenRanges)
}
