package store

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"sort"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/visibility"
)

// A hidden range is in the numbers that the session had which cancelled its fence.
// thaw numbers the log by the order of its events. The two differ where batpak 0.4.0
// opened a store with an unsealed tail: it numbers that tail from 0, goes on from
// there, and gives numbers out again. The footers it then writes contradict the
// order, so the frames are numbered without them, but each entry still says which
// number its event had when a fence was cancelled.
//
// So an event is hidden when any number it may have had lies in a range:
//
//   - the one that a footer has for it;
//   - without a footer, each from its number in the log down to as many fewer as
//     there are events before its segment that batpak may have counted from 0;
//   - its number in the log, which is what thaw writes when damage is accepted.
//
// thaw cancels nothing that is on disk, so what it wrote itself is shown. Only
// synced.thaw tells who wrote a segment.
//
// Each event that is hidden and may not have been cancelled is in doubt.

// noNumber says that no footer has a number for an event.
const noNumber = uint64(math.MaxUint64)

// numbering is what the numbers of the tail's events may have been.
type numbering struct {
	s      *Snapshot
	draft  *artifact.Draft
	count  int
	ranges visibility.Ranges
	given  []uint64 // by a footer, [noNumber] where none does
	runs   []numberedRun
	sealed map[uint64]bool // the segments whose footers can be read
	// moved counts the hidden numbers that footers give to events which have others in
	// the log. wide are those that events without a footer may have had.
	moved map[uint64]int
	wide  visibility.Ranges
}

// numberedRun is the tail's events of one segment.
type numberedRun struct {
	segment    uint64
	first, end int
	// shift is by how much batpak may have numbered them lower.
	shift uint64
	own   bool // thaw wrote them
}

// disambiguate returns which sequences of the snapshot ranges hide, and the damage when
// they are in other numbers than the log's, else nil.
func (o *opening) disambiguate(ranges visibility.Ranges) (visibility.Ranges, *damage.Damage, error) {
	log := o.scan.Log()
	if len(ranges) == 0 || log.Committed() == 0 || !o.MayBeRenumbered() {
		return ranges, nil, nil
	}
	n := &numbering{s: o.Snapshot, draft: log.Draft(), count: log.Committed(), ranges: ranges, moved: map[uint64]int{}, sealed: map[uint64]bool{}}
	if err := n.read(); err != nil {
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

// MayBeRenumbered reports whether anything that the open met can make a hidden range
// name another event than the one with its number in the log.
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

// wrote reports whether synced.thaw says that thaw wrote a segment. Its first promise
// about one comes before the file is made, any other behind.
func (s *Snapshot) wrote(id uint64) bool {
	return s.mark != nil && s.mark.Segment == id && s.mark.Offset > 0
}

func (n *numbering) number(i int) uint64 { return n.draft.At(i).Sequence() }

// read finds out what footers, and segments without one, say of the tail.
func (n *numbering) read() error {
	n.given = make([]uint64, n.count)
	for i := range n.given {
		n.given[i] = noNumber
	}
	for i := 0; i < n.count; {
		run := numberedRun{segment: n.draft.At(i).Position().Segment, first: i}
		for i < n.count && n.draft.At(i).Position().Segment == run.segment {
			i++
		}
		run.end = i
		n.runs = append(n.runs, run)
	}
	elsewhere := map[event.ID]uint64{} // of entries whose frames lie in another segment (D19)
	for _, e := range n.s.listing.Segments {
		if e.ID < n.runs[0].segment {
			continue
		}
		if err := n.s.options.stopped(); err != nil {
			return err
		}
		sealed, err := n.readFooter(e.ID, elsewhere)
		if err != nil {
			return err
		}
		n.sealed[e.ID] = sealed
	}
	if len(elsewhere) > 0 {
		for i := range n.given {
			if number, ok := elsewhere[n.draft.At(i).ID()]; ok && n.given[i] == noNumber {
				n.given[i] = number
			}
		}
	}
	return n.readShifts()
}

// readFooter takes the numbers from a segment's footer, and reports whether it has one.
func (n *numbering) readFooter(id uint64, elsewhere map[event.ID]uint64) (sealed bool, err error) {
	f, err := n.s.footerOf(id)
	if f == nil {
		return false, err
	}
	var run numberedRun
	if k, ok := slices.BinarySearchFunc(n.runs, id, func(r numberedRun, id uint64) int {
		return cmp.Compare(r.segment, id)
	}); ok {
		run = n.runs[k]
	}
	for k := range f.Len() {
		at := event.Position{Segment: id, Offset: f.FrameOffset(k)}
		if n.s.base > 0 && n.s.filesEnd().watermark.Covers(at) {
			continue
		}
		named := f.Entry(k).ID
		i := run.first + sort.Search(run.end-run.first, func(i int) bool {
			return n.draft.At(run.first+i).Position().Offset >= at.Offset
		})
		if i < run.end && n.draft.At(i).Position().Offset == at.Offset && n.draft.At(i).ID() == named {
			n.given[i] = f.Sequence(k)
		} else {
			elsewhere[named] = f.Sequence(k)
		}
	}
	return true, nil
}

// footerOf returns a segment's footer, nil when it has none that holds up, or is gone.
// The error is a [source.ReadError].
func (s *Snapshot) footerOf(id uint64) (*sidx.Footer, error) {
	name := segment.Name(id)
	src, err := directory.Open(s.files, name)
	if err == nil {
		at, ok, failed := segment.FooterOffset(src)
		if err = failed; err == nil && ok {
			var f *sidx.Footer
			if f, err = segment.Footer(src, at); err == nil {
				return f, nil
			}
		}
	}
	if errors.Is(err, source.ErrRead) {
		return nil, source.Named(name, err)
	}
	return nil, nil
}

// readShifts finds out how many events in front of each segment batpak may have
// counted from 0: those without a number in a footer that lie behind an index, and in
// front of a segment without a footer or in it. Every segment that was sealed behind an
// event may have ended in an index; only behind one without a footer does a session
// begin that read it.
func (n *numbering) readShifts() error {
	indexed := n.s.base > 0
	shift, unnumbered, err := n.s.unsealedInBase(n.runs[0].segment)
	if err != nil {
		return err
	}
	next := 0
	for _, e := range n.s.listing.Segments {
		if next == len(n.runs) {
			break
		}
		if e.ID < n.runs[0].segment {
			continue
		}
		if run := &n.runs[next]; run.segment == e.ID {
			next++
			run.shift, run.own = shift, n.s.wrote(e.ID)
			for i := run.first; indexed && i < run.end; i++ {
				if n.given[i] == noNumber {
					unnumbered++
				}
			}
		}
		if n.sealed[e.ID] {
			indexed = true
		} else {
			shift, unnumbered = shift+unnumbered, 0
		}
	}
	return nil
}

// unsealedInBase counts the events of the index whose segments have no footer, in front
// of a segment and in it. batpak may have been made to open the store without the index.
func (s *Snapshot) unsealedInBase(first uint64) (count, inside uint64, err error) {
	var id uint64
	var open bool
	for _, p := range s.parts[:s.base] {
		err = s.withPart(p, func(p *part) error {
			was, wasInside := count, inside
			err := p.Image.EachBlock(func(_ uint64, block []byte) error {
				for ; len(block) > 0; block = block[artifact.RecordSize:] {
					if at := artifact.Raw(block).Position().Segment; at != id {
						if err := s.options.stopped(); err != nil {
							return err
						}
						f, err := s.footerOf(at)
						if err != nil {
							return err
						}
						id, open = at, f == nil
					}
					switch {
					case open && id == first:
						inside++
					case open:
						count++
					}
				}
				return nil
			})
			if err != nil {
				count, inside = was, wasInside
			}
			return err
		})
		if err != nil {
			return 0, 0, err
		}
	}
	return count, inside, nil
}

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

// had are the numbers from first up to end (exclusive) that an event may have had when
// a fence was cancelled.
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

// ambiguous reports whether a range can name another event than the one with its
// number in the log, and gathers moved and wide.
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

// certain reports whether a hidden event is the only one that a range can mean.
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

// doubtInBase adds the events of the index that are hidden under a number which an
// event of the tail may have had.
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
