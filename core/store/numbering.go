package store

import (
	"math"
	"slices"
	"sort"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/visibility"
)

// A hidden range uses the numbers of the session that cancelled its fence. thaw numbers
// events by their order in the log. The two differ where batpak 0.4.0 opened a store
// with an unsealed tail: it numbers that tail from 0, goes on from there, and gives
// numbers out again. The footers it then writes contradict the order, so replay ignores
// their numbers, but an entry still records which number its event had when a fence was
// cancelled.
//
// So an event is hidden when any number it may have had lies in a range:
//
//   - the number in a footer's entry;
//   - without a footer, each number from its number in the log down to as many fewer as
//     there are events before its segment that batpak may have counted from 0;
//   - its number in the log, which thaw writes when damage is accepted.
//
// thaw cancels nothing that is on disk, so events that it wrote itself are shown. Only
// synced.thaw says who wrote a segment.
//
// A hidden event that may not have been cancelled is in doubt, and is reported.

// noNumber marks an event without a number in a footer.
const noNumber = uint64(math.MaxUint64)

// numbering holds the numbers that the tail's events may have had.
type numbering struct {
	s      *Snapshot
	draft  *artifact.Draft
	count  int
	ranges visibility.Ranges
	given  []uint64 // by a footer, else noNumber
	runs   []numberedRun
	sealed map[uint64]bool // the segments whose footers can be read
	// moved counts the hidden numbers that footers give to events with other numbers in
	// the log. wide are the numbers that events without a footer may have had.
	moved map[uint64]int
	wide  visibility.Ranges
}

// numberedRun is the tail's events of one segment.
type numberedRun struct {
	segment    uint64
	first, end int
	// shift is how much lower batpak may have numbered them.
	shift uint64
	own   bool // thaw wrote them
}

// disambiguate returns the sequences that ranges hide, and a damage when the ranges use
// other numbers than the log.
func (o *opening) disambiguate(ranges visibility.Ranges) (visibility.Ranges, *damage.Damage, error) {
	log := o.scan.Log()
	if len(ranges) == 0 || log.Committed() == 0 || !o.MayBeRenumbered() {
		return ranges, nil, nil
	}
	n := &numbering{s: o.Snapshot, draft: log.Draft(), count: log.Committed(), ranges: ranges, moved: map[uint64]int{}, sealed: map[uint64]bool{}}
	if err := n.readNumbers(); err != nil {
		return nil, nil, err
	}
	if !n.ambiguous() {
		return ranges, nil, nil
	}
	d := &damage.Damage{File: visibility.FileName, Reason: damage.Renumbered}
	if err := n.doubtInBase(d); err != nil {
		return nil, nil, err
	}
	hidden := make(visibility.Ranges, 0, len(ranges))
	first := n.number(0)
	for _, r := range ranges {
		if r.End = min(r.End, first); r.Start < r.End {
			hidden = append(hidden, r)
		}
	}
	err := n.each(func(run *numberedRun, i int) error {
		if !n.hides(run, i) {
			return nil
		}
		sequence := n.number(i)
		hidden = append(hidden, visibility.Range{Start: sequence, End: sequence + 1})
		certain, err := n.certain(run, i)
		if err == nil && !certain {
			touchDoubt(d, n.draft.At(i))
		}
		return err
	})
	return visibility.Merge(hidden), d, err
}

// touchDoubt adds a hidden event that may not have been cancelled.
func touchDoubt(d *damage.Damage, r artifact.Raw) {
	if len(d.Events) == 0 {
		d.FirstSequence = r.Sequence()
	}
	d.EndSequence = max(d.EndSequence, r.Sequence()+1)
	d.Touch(damage.Touched{ID: r.ID(), Sequence: r.Sequence(), Numbered: true})
}

// MayBeRenumbered reports whether a hidden range may name another event than the one
// with its number in the log.
func (s *Snapshot) MayBeRenumbered() bool {
	r := &s.report
	if len(r.Unsealed) > 0 || len(r.Unfinished) > 0 {
		return true
	}
	for _, why := range r.Rejected {
		if _, ok := segment.ParseName(why.File); ok {
			return true
		}
	}
	end := s.scan.Ending()
	return s.base > 0 && !end.Sealed && !s.wrote(end.Segment)
}

// wrote reports whether synced.thaw says that thaw wrote a segment. A mark at offset 0
// is made before the file, so it says nothing; any other is made after.
func (s *Snapshot) wrote(id uint64) bool {
	return s.mark != nil && s.mark.Segment == id && s.mark.Offset > 0
}

// number returns the number of an event in the log.
func (n *numbering) number(i int) uint64 { return n.draft.At(i).Sequence() }

// each calls f for every event of the tail.
func (n *numbering) each(f func(run *numberedRun, i int) error) error {
	for k := range n.runs {
		run := &n.runs[k]
		for i := run.first; i < run.end; i++ {
			if i%1024 == 0 {
				if err := n.s.options.stopped(); err != nil {
					return err
				}
			}
			if err := f(run, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// had returns the numbers that an event may have had when a fence was cancelled.
func (n *numbering) had(run *numberedRun, i int) visibility.Range {
	if given := n.given[i]; given != noNumber {
		return visibility.Range{Start: given, End: given + 1}
	}
	number := n.number(i)
	return visibility.Range{Start: number - min(run.shift, number), End: number + 1}
}

// hides reports whether an event of the tail is hidden.
func (n *numbering) hides(run *numberedRun, i int) bool {
	return !run.own && (n.ranges.Hides(n.number(i)) || n.ranges.Meets(n.had(run, i)))
}

// ambiguous sets moved and wide, and reports whether a range can name another event than
// the one with its number in the log.
func (n *numbering) ambiguous() (found bool) {
	var wide visibility.Ranges
	_ = n.each(func(run *numberedRun, i int) error {
		number, had := n.number(i), n.had(run, i)
		exact := had.End-had.Start == 1
		switch {
		case run.own:
			found = found || n.ranges.Hides(number)
		case exact && had.Start == number:
		case exact:
			found = found || n.hides(run, i)
			if n.ranges.Hides(had.Start) {
				n.moved[had.Start]++
			}
		case n.ranges.Meets(had):
			found = found || !n.ranges.Cover(had)
			wide = append(wide, had)
		}
		return nil
	})
	n.wide = visibility.Merge(wide)
	return found
}

// certain reports whether a hidden event is the only one that its range can name.
func (n *numbering) certain(run *numberedRun, i int) (bool, error) {
	had, number := n.had(run, i), n.number(i)
	if had.End-had.Start > 1 || !n.ranges.Hides(had.Start) || n.wide.Hides(had.Start) {
		return false, nil
	}
	if had.Start == number {
		return n.moved[number] == 0, nil
	}
	if n.moved[had.Start] > 1 {
		return false, nil
	}
	j := sort.Search(n.count, func(j int) bool { return n.number(j) >= had.Start })
	if j < n.count && n.number(j) == had.Start {
		other := n.runs[sort.Search(len(n.runs), func(k int) bool { return n.runs[k].end > j })]
		return other.own || n.given[j] != noNumber && n.given[j] != had.Start, nil
	}
	for _, p := range n.s.parts[:n.s.base] {
		there := false
		err := n.s.withPart(p, func(p *part) error {
			r := p.Reader()
			k, err := r.After(had.Start)
			if err != nil || k == p.Image.Count {
				return err
			}
			record, err := r.Record(k)
			there = err == nil && record.Sequence() == had.Start
			return err
		})
		if err != nil || there {
			return false, err
		}
	}
	return true, nil
}

// doubtInBase adds the hidden events of the index whose number an event of the tail may
// have had.
func (n *numbering) doubtInBase(d *damage.Damage) error {
	contested := slices.Clone(n.wide)
	for number := range n.moved {
		contested = append(contested, visibility.Range{Start: number, End: number + 1})
	}
	for _, p := range n.s.parts[:n.s.base] {
		for _, c := range visibility.Merge(contested) {
			at := c.Start
			err := n.s.withPart(p, func(p *part) error {
				r := p.Reader()
				k, err := r.After(at)
				for ; err == nil && k < p.Image.Count; k++ {
					var record artifact.Raw
					if record, err = r.Record(k); err != nil || record.Sequence() >= c.End {
						break
					}
					if at = record.Sequence() + 1; n.ranges.Hides(record.Sequence()) {
						touchDoubt(d, record)
					}
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
