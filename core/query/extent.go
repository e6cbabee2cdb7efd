package query

import (
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
)

// Extent says how many visible events an entity, a scope or a kind has, and where they begin
// and end. First and Last are by sequence.
type Extent struct {
	Events                      uint64
	FirstSequence, LastSequence uint64
	// FirstWallMS and LastWallMS are the WallMS of the first and the last event. Within an
	// entity no event has one below the first or above the last; within a scope or a kind
	// events of other entities can.
	FirstWallMS, LastWallMS uint64
}

// NameSummary is the extent of an entity or a scope.
type NameSummary struct {
	Name string
	Extent
}

// KindSummary is the extent of a kind.
type KindSummary struct {
	Kind event.Kind
	Extent
}

// NamePage bounds a list of names. To continue one, set After to the last name.
type NamePage struct {
	// After is the name before the first one wanted, "" for the beginning.
	After string
	// Limit is the highest number of names wanted, 0 for no limit.
	Limit int
}

// Append adds the extent of later events.
func (x *Extent) Append(later Extent) {
	switch {
	case later.Events == 0:
	case x.Events == 0:
		*x = later
	default:
		x.Events += later.Events
		x.LastSequence, x.LastWallMS = later.LastSequence, later.LastWallMS
	}
}

// Extent returns the extent of a list. It reads two records. Each run of hidden records within
// the list costs a few searches; the visible ones between are not read.
func (c *Cursor) Extent(l index.List) (x Extent, err error) {
	first, last, n, err := c.visibleEnds(l)
	if err != nil || n == 0 {
		return x, err
	}
	x.Events = n
	if x.FirstSequence, x.FirstWallMS, err = c.when(first); err == nil {
		x.LastSequence, x.LastWallMS, err = c.when(last)
	}
	return x, err
}

func (c *Cursor) when(record uint32) (sequence, wallMS uint64, err error) {
	r, err := c.Single(record)
	if err != nil {
		return 0, 0, err
	}
	return r.Sequence(), r.WallMS(), c.unchanged(r)
}

// visibleEnds returns the first and the last visible record of a list, and how many there are.
func (c *Cursor) visibleEnds(l index.List) (first, last uint32, n uint64, err error) {
	if l.Len() == 0 {
		return 0, 0, 0, nil
	}
	if len(c.options.Hidden) == 0 {
		if first, err = c.Item(l, 0); err == nil {
			last, err = c.Item(l, l.Len()-1)
		}
		return first, last, uint64(l.Len()), err
	}
	p := &c.p.single[0]
	p.Walk(&c.Reader, l)
	s := search{c: c, end: c.Count()}
	for {
		if s.next, err = p.Seek(s.next); err != nil {
			return 0, 0, 0, err
		}
		member := s.next
		ok, err := s.advance()
		if err != nil {
			return 0, 0, 0, err
		}
		if !ok {
			return first, last, n, nil
		}
		if s.next != member {
			continue // it is hidden
		}
		k, err := p.Count(member, s.shown.to)
		if err != nil {
			return 0, 0, 0, err
		}
		if n == 0 {
			first = member
		}
		n += uint64(k)
		if last, err = p.Previous(); err != nil {
			return 0, 0, 0, err
		}
		s.next = s.shown.to
	}
}
