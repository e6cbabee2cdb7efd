package event

import (
	"iter"
	"slices"
)

// Kinds is the set of kinds that a query asks for: one kind, a whole category, or several
// kinds. The zero Kinds holds every kind. Two Kinds are equal (==) exactly if they hold the
// same kinds, except that a set made of all 65,536 kinds differs from the zero Kinds.
type Kinds struct {
	first, last Kind // the lowest and the highest kind; first > last in the empty set
	limited     bool
	// runs are the runs of consecutive kinds where there is more than one: the first and the
	// last kind of each, as 2 big-endian bytes, rising. A string keeps Kinds comparable.
	runs string
}

// runSize is the size of a run in Kinds.runs.
const runSize = 4

// Only returns the set that holds only k.
func Only(k Kind) Kinds { return Kinds{first: k, last: k, limited: true} }

// InCategory returns the set of the 4096 kinds of category c. Only the low 4
// bits of c count.
func InCategory(c uint8) Kinds {
	first := Kind(c&15) << 12
	return Kinds{first: first, last: first | 0x0FFF, limited: true}
}

// AnyOf returns the set of some kinds, in any order and perhaps repeated. Of no kinds it is
// the empty set, which no event meets.
func AnyOf(kinds ...Kind) Kinds {
	all := slices.Clone(kinds)
	slices.Sort(all)
	all = slices.Compact(all)
	var runs runBuilder
	for _, k := range all {
		runs.add(k, k)
	}
	return runs.set()
}

// runBuilder makes a set of rising runs.
type runBuilder struct {
	runs        []byte
	first, last Kind // of the last run, not in runs yet
	lowest      Kind
	any         bool
}

// add adds a run that begins after the last one. It joins adjacent runs.
func (b *runBuilder) add(first, last Kind) {
	switch {
	case !b.any:
		b.any, b.lowest, b.first = true, first, first
	case first != b.last+1:
		b.flush()
		b.first = first
	}
	b.last = last
}

func (b *runBuilder) flush() {
	b.runs = append(b.runs, byte(b.first>>8), byte(b.first), byte(b.last>>8), byte(b.last))
}

func (b *runBuilder) set() Kinds {
	if !b.any {
		return Kinds{first: 1, limited: true}
	}
	s := Kinds{first: b.lowest, last: b.last, limited: true}
	if len(b.runs) > 0 {
		b.flush()
		s.runs = string(b.runs)
	}
	return s
}

// All reports whether the set holds every kind.
func (s Kinds) All() bool { return !s.limited || s.first == 0 && s.last == 0xFFFF && s.runs == "" }

// Empty reports whether the set holds no kind.
func (s Kinds) Empty() bool { return s.limited && s.first > s.last }

// Has reports whether k is in the set.
func (s Kinds) Has(k Kind) bool {
	if !s.limited {
		return true
	}
	return s.first <= k && k <= s.last && (s.runs == "" || s.inRuns(k))
}

func (s Kinds) inRuns(k Kind) bool {
	lo, hi := 0, len(s.runs)/runSize // the first run that does not end before k
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if _, last := s.run(mid); last < k {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	first, _ := s.run(lo) // there is one, since k <= s.last
	return first <= k
}

func (s Kinds) run(i int) (first, last Kind) {
	r := s.runs[i*runSize:][:runSize]
	return Kind(r[0])<<8 | Kind(r[1]), Kind(r[2])<<8 | Kind(r[3])
}

// Bounds returns the lowest and the highest kind of the set. The set need not hold the
// kinds between them: see Runs. Of the empty set the lowest is above the highest.
func (s Kinds) Bounds() (first, last Kind) {
	if !s.limited {
		return 0, 0xFFFF
	}
	return s.first, s.last
}

// Runs returns the runs of consecutive kinds in the set by rising kinds, each by its first
// and last kind, both included. The runs do not touch.
func (s Kinds) Runs() iter.Seq2[Kind, Kind] {
	return func(yield func(first, last Kind) bool) {
		if s.runs == "" {
			if first, last := s.Bounds(); first <= last {
				yield(first, last)
			}
			return
		}
		for i := range len(s.runs) / runSize {
			if !yield(s.run(i)) {
				return
			}
		}
	}
}

// Intersect returns the kinds that are in both sets, and whether there are any.
func (s Kinds) Intersect(o Kinds) (Kinds, bool) {
	if !s.limited {
		return o, !o.Empty()
	}
	if !o.limited {
		return s, !s.Empty()
	}
	var both runBuilder
	for first, last := range s.Runs() {
		for low, high := range o.Runs() {
			if low > last {
				break
			}
			if high >= first {
				both.add(max(first, low), min(last, high))
			}
		}
	}
	out := both.set()
	return out, !out.Empty()
}
