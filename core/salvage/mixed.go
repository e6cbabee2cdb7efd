package salvage

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// interval is the first and the last sequence of a segment's footer.
type interval struct {
	c           *candidate
	first, last uint64
}

func (r *interval) overlaps(q *interval) bool { return r.first <= q.last && q.first <= r.last }

// resolveMixed finds segments that a compaction made, beside others that it replaced: swap.thaw
// was lost in the middle, or one copy of the store was put over another. Sequences rise from
// segment to segment, so the footers of such segments overlap. The widest one is read as what
// it is, and of the others only the events that it lacks.
func (s *survey) resolveMixed() error {
	var all []*interval
	for _, id := range slices.Sorted(maps.Keys(s.placed)) {
		r, err := s.interval(s.placed[id])
		if err != nil {
			return err
		}
		if r != nil {
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(a, b *interval) int { return cmp.Compare(b.last-b.first, a.last-a.first) })
	for i, wide := range all {
		for _, r := range all[i+1:] {
			if wide.c.mixed || r.c.mixed || !wide.overlaps(r) {
				continue
			}
			mixed, err := s.related(wide.c, r.c)
			if err != nil {
				return err
			}
			if mixed {
				r.c.mixed = true
				s.v.hide(r.c.name)
				delete(s.placed, r.c.as)
				s.v.leave(segment.Name(r.c.as))
				s.searched = append(s.searched, r.c)
			}
			r.c.ids = nil
		}
		wide.c.ids = nil
	}
	return nil
}

// interval returns nil for a segment without a footer, or whose footer says nothing.
func (s *survey) interval(c *candidate) (*interval, error) {
	if err := s.stopped(); err != nil {
		return nil, err
	}
	if c.why != nil {
		return nil, nil
	}
	src, err := s.v.raw(c.name)
	if err != nil {
		return nil, err
	}
	at, ok, err := segment.FooterOffset(src)
	if err != nil {
		return nil, source.Named(c.name, err)
	}
	if !ok {
		return nil, nil
	}
	f, err := segment.Footer(src, at)
	var why *damage.Refusal
	if errors.As(err, &why) {
		return nil, nil
	}
	if err != nil {
		return nil, source.Named(c.name, err)
	}
	if f.Len() == 0 {
		return nil, nil
	}
	r := &interval{c: c, first: ^uint64(0)}
	for i := range f.Len() {
		r.first, r.last = min(r.first, f.Sequence(i)), max(r.last, f.Sequence(i))
	}
	return r, nil
}

// related reports whether segments whose sequences overlap have events in common, or one of them
// lacks events. Of others, batpak gave out the same sequences twice.
func (s *survey) related(a, b *candidate) (bool, error) {
	if a.header.Thinned() || b.header.Thinned() {
		return true, nil
	}
	ids, err := s.events(a)
	if err != nil {
		return false, err
	}
	found := false
	err = s.walk(b, func(id event.ID) bool {
		found = ids[id] > 0
		return !found
	})
	return found, err
}
