package salvage

import (
	"cmp"
	"errors"
	"iter"
	"maps"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/visibility"
)

// kept is an event of the result, valid until the next one, and where its frame is.
type kept struct {
	*event.Event
	// extra is set unless the frame is where the snapshot has it.
	extra *extra
}

// result returns the events of the result by rising sequence. The snapshot's are those of
// events, which may be any iteration of all.
func (s *Salvage) result() iter.Seq2[kept, error] {
	return func(yield func(kept, error) bool) {
		extras := s.extras
		before := func(sequence uint64) bool {
			for len(extras) > 0 && extras[0].Sequence < sequence {
				x := &extras[0]
				extras = extras[1:]
				if !yield(kept{&x.Event, x}, nil) {
					return false
				}
			}
			return true
		}
		var now event.Event // one for all, so that they are not allocated one by one
		for e, err := range s.all() {
			if err != nil {
				yield(kept{}, err)
				return
			}
			if s.badAt(e.Position.Segment, e.Position.Offset) != nil {
				continue
			}
			now = e
			if !before(e.Sequence) || !yield(kept{Event: &now}, nil) {
				return
			}
		}
		before(unnumbered)
	}
}

// head is the last event of an entity.
type head struct {
	hash    event.Hash
	prev    event.Hash
	clock   uint32
	most    uint32
	forked  bool // no later event's hash is checked
	hidden  bool
	started bool
	thinned int // segments before the event's from which events are missing
}

// checkChains counts the result, and reports what the clocks and hashes of its events say
// is missing.
func (s *Salvage) checkChains() error {
	r := &s.report
	heads := map[string]*head{}
	s.listThinned()
	n := 0
	for e, err := range s.result() {
		if err != nil {
			return err
		}
		if n++; n%1024 == 0 {
			if err := s.stopped(); err != nil {
				return err
			}
		}
		if r.Events == 0 {
			r.First = e.Sequence
		}
		r.Events++
		hidden := r.HiddenRanges.Hides(e.Sequence)
		if hidden {
			r.Hidden++
		}
		h := heads[e.Entity]
		if h == nil {
			h = &head{}
			heads[e.Entity] = h
		}
		s.link(h, e, hidden, r.End)
		r.End = e.Sequence + 1
	}
	r.NextSequence = max(r.NextSequence, r.End)
	return nil
}

// link makes an event the last of its entity. before is the sequence after the event before
// it in the store.
func (s *Salvage) link(h *head, e kept, hidden bool, before uint64) {
	least := uint32(0)
	if h.started {
		least = h.most + 1
	}
	name, offset := s.fileOf(e)
	f := Finding{
		Reason: damage.Chain, File: name, Offset: offset, Entity: e.Entity,
		FirstSequence: before, EndSequence: e.Sequence,
	}
	thinnedBefore, inThinned := slices.BinarySearch(s.thinned, e.Position.Segment)
	thinned := inThinned || thinnedBefore != h.thinned
	h.thinned = thinnedBefore
	switch {
	case e.Clock > least && e.Clock > h.most && !thinned:
		s.missingClocks(f, least, e.Clock)
	case h.started && e.Clock == h.clock && e.Clock > 0 && e.PrevHash == h.prev && e.EventHash != h.hash && !h.hidden:
		// Two events follow one: an aborted batch's item came back (D8), or two writers (D14).
		s.doubtAt(f, e)
		h.forked = true
	case h.started && e.Clock == h.clock+1 && !h.forked && !h.hidden && !thinned &&
		e.PrevHash != h.hash && !h.hash.IsZero() && !e.PrevHash.IsZero():
		s.doubtAt(f, e)
	}
	h.hash, h.prev, h.clock, h.most, h.started = e.EventHash, e.PrevHash, e.Clock, max(h.most, e.Clock), true
	h.hidden = h.hidden || hidden
}

// doubtAt reports an event of the result that does not continue its entity.
func (s *Salvage) doubtAt(f Finding, e kept) {
	f.Outcome, f.Events, f.ID, f.Length = Kept, 1, e.ID, uint64(e.Position.Length)
	f.FirstClock, f.EndClock = uint64(e.Clock), uint64(e.Clock)+1
	f.FirstSequence, f.EndSequence = e.Sequence, e.Sequence+1
	s.report.add(f)
}

// missingClocks reports the clocks of an entity from first to end that no finding has.
func (s *Salvage) missingClocks(f Finding, first, end uint32) {
	f.Outcome = Lost
	say := func(from, to uint32) {
		if from < to {
			f.Events, f.FirstClock, f.EndClock = uint64(to-from), uint64(from), uint64(to)
			s.report.add(f)
		}
	}
	for _, c := range slices.Sorted(maps.Keys(s.witness.clocks[f.Entity])) {
		if c >= first && c < end {
			say(first, c)
			first = c + 1
		}
	}
	say(first, end)
}

// fileOf returns the real name of the file that has an event's frame, and where.
func (s *Salvage) fileOf(e kept) (name string, offset uint64) {
	if e.extra != nil {
		return e.extra.file, e.Position.Offset
	}
	return s.files.real(segment.Name(e.Position.Segment)), e.Position.Offset
}

// listThinned lists the segments from which events were removed, or not selected: what
// misses in them or before the entity's next event is no loss.
func (s *Salvage) listThinned() {
	for id, c := range s.placed {
		if c.header.Thinned() {
			s.thinned = append(s.thinned, id)
		}
	}
	slices.Sort(s.thinned)
}

// reportDamages adds what the open says of whole files.
func (s *Salvage) reportDamages() error {
	for _, d := range s.witness.damages {
		switch d.Reason {
		case damage.SegmentMissing, damage.Shortened, damage.NotRegular, damage.Effort:
			s.report.add(Finding{
				Outcome: Lost, Reason: d.Reason, File: d.File, Offset: d.Offset, Length: d.Length,
				FirstSequence: d.FirstSequence, EndSequence: d.EndSequence, Err: d.Err,
			})
		}
	}
	return s.reportHidden()
}

// reportHidden reports the ranges that are hidden because it is not known whether they were
// cancelled.
func (s *Salvage) reportHidden() error {
	src, err := s.files.Open(visibility.FileName)
	if errors.Is(err, source.ErrGone) {
		return nil
	}
	if err != nil {
		return source.Failed(visibility.FileName, -1, err)
	}
	raw := make([]byte, min(max(src.Size(), 0), visibility.MaxSize))
	if err := source.Read(src, raw, 0); err != nil {
		return source.Named(visibility.FileName, err)
	}
	said, err := visibility.Decode(raw)
	if err != nil {
		s.report.Rejected = append(s.report.Rejected, &damage.Refusal{File: visibility.FileName, Reason: damage.Ranges, Offset: -1, Err: err})
		return nil
	}
	for _, r := range s.report.HiddenRanges {
		at := r.Start
		for _, q := range said {
			if q.End <= at || q.Start >= r.End {
				continue
			}
			s.hiddenInDoubt(at, min(q.Start, r.End))
			at = max(at, q.End)
		}
		s.hiddenInDoubt(at, r.End)
	}
	return nil
}

func (s *Salvage) hiddenInDoubt(first, end uint64) {
	if first < end {
		s.report.add(Finding{
			Outcome: Kept, Reason: damage.Renumbered, File: visibility.FileName, FirstSequence: first, EndSequence: end,
		})
	}
}

// sortFindings sorts the findings by file and offset.
func (s *Salvage) sortFindings() {
	slices.SortStableFunc(s.report.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.FirstSequence, b.FirstSequence))
	})
	slices.SortFunc(s.report.Files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
}

var _ directory.Files = (*view)(nil)
