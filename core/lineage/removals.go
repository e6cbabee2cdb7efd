package lineage

import (
	"cmp"
	"slices"
)

// Clone returns a copy that shares nothing with l; the zero Lineage for nil.
func (l *Lineage) Clone() *Lineage {
	if l == nil {
		return &Lineage{}
	}
	c := *l
	if l.Origin != nil {
		origin := *l.Origin
		c.Origin = &origin
	}
	c.Removals = slices.Clone(l.Removals)
	return &c
}

// Add appends removals of l.Generation, which becomes theirs. A removal that follows
// another of the same generation and mode without a sequence between them is joined with
// it. When there are more than MaxRemovals, neighbours of one mode among the older half are
// joined into one that covers both: what is known of old removals becomes coarser, but they
// stay known.
func (l *Lineage) Add(removals ...Removal) {
	for _, r := range removals {
		r.Generation = l.Generation
		if n := len(l.Removals); n > 0 {
			if last := &l.Removals[n-1]; last.Generation == r.Generation && last.Mode == r.Mode && last.End == r.First {
				*last = join(*last, r)
				continue
			}
		}
		l.Removals = append(l.Removals, r)
		if len(l.Removals) > MaxRemovals {
			l.Removals = joinOlder(l.Removals)
		}
	}
}

// joinOlder joins neighbours of one mode among the older half.
func joinOlder(removals []Removal) []Removal {
	older := len(removals) / 2
	out := make([]Removal, 0, len(removals))
	var waiting [len(modes)]int // by mode, where in out the next one joins, plus 1
	for _, r := range removals[:older] {
		at := &waiting[r.Mode]
		if *at == 0 {
			out = append(out, r)
			*at = len(out)
			continue
		}
		out[*at-1] = join(out[*at-1], r)
		*at = 0
	}
	slices.SortStableFunc(out, func(a, b Removal) int {
		switch {
		case a.Generation < b.Generation:
			return -1
		case a.Generation > b.Generation:
			return 1
		}
		return 0
	})
	return append(out, removals[older:]...)
}

// join returns a removal that covers a and the later b, which has the same mode.
func join(a, b Removal) Removal {
	j := Removal{
		Generation: b.Generation, Mode: b.Mode, WallMS: max(a.WallMS, b.WallMS),
		First: min(a.First, b.First), End: max(a.End, b.End),
	}
	if a.Events == 0 || b.Events == 0 { // of a number that is not known
		return j
	}
	j.Events = min(a.Events+b.Events, j.End-j.First)
	if j.Events < a.Events { // the sum overflowed
		j.Events = j.End - j.First
	}
	return j
}

// Before returns the removals after a generation that concern sequences below an end, by
// rising generation: what a reader that was there at that generation no longer finds as it
// was. A removal that lies partly below the end is one of them.
func (l *Lineage) Before(end, generation uint64) []Removal {
	if l == nil {
		return nil
	}
	var out []Removal
	for _, r := range l.Removals {
		if r.Generation > generation && r.First < end {
			out = append(out, r)
		}
	}
	return out
}

// Covers reports whether an event with the sequence may have been removed in one of the modes.
// Without modes it asks about all.
func (l *Lineage) Covers(sequence uint64, in ...Mode) bool {
	if l == nil {
		return false
	}
	return slices.ContainsFunc(l.Removals, func(r Removal) bool {
		return r.First <= sequence && sequence < r.End && (len(in) == 0 || slices.Contains(in, r.Mode))
	})
}

// Within returns how many of the sequences from first up to end (exclusive) may have been
// removed in a mode.
func (l *Lineage) Within(first, end uint64, in Mode) (n uint64) {
	if l == nil {
		return 0
	}
	var ranges []Removal
	for _, r := range l.Removals {
		if r.Mode == in && r.First < end && r.End > first {
			ranges = append(ranges, r)
		}
	}
	slices.SortFunc(ranges, func(a, b Removal) int { return cmp.Compare(a.First, b.First) })
	for _, r := range ranges { // they may overlap
		if from, to := max(r.First, first), min(r.End, end); from < to {
			n += to - from
			first = to
		}
	}
	return n
}

// CutTo returns the removals of sequences below an end, which a fork that ends there has in
// common with its origin. How many events a removal that lies across the end had below it is
// not known; the result then says all of them, as far as there are numbers.
func (l *Lineage) CutTo(end uint64) []Removal {
	var out []Removal
	for _, r := range l.Removals {
		if r.First >= end {
			continue
		}
		if r.End > end {
			r.End = end
			r.Events = min(r.Events, r.End-r.First)
		}
		out = append(out, r)
	}
	return out
}
