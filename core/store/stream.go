package store

import (
	"cmp"
	"iter"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
)

// StreamPage says where a stream begins and how far it goes. To go on where
// one ended, set From to the last event's clock plus one.
type StreamPage struct {
	// From is the lowest clock wanted.
	From uint32
	// Limit is the highest number of events wanted, 0 for no limit.
	Limit int
}

// Stream returns the visible events of one entity in order of clocks. Where two
// have the same clock, as batpak 0.4.0 can make it, the lower sequence comes
// first. The first error ends the iteration. A name that no entity can have, such as the
// empty one, is a [*commit.NameError].
func (s *Snapshot) Stream(entity string, page StreamPage) iter.Seq2[event.Event, error] {
	if err := commit.CheckEntity(entity); err != nil {
		return failed(err)
	}
	return func(yield func(event.Event, error) bool) {
		region := Region{Entity: entity, Clocks: ClocksBetween(page.From, ^uint32(0))}
		var ordered bool
		err := s.mending(func() (err error) {
			ordered, err = s.clocksRise(entity)
			return err
		})
		if err != nil {
			yield(event.Event{}, err)
			return
		}
		if ordered {
			s.Query(region, Page{Limit: page.Limit})(yield)
			return
		}
		s.streamSorted(region, page.Limit, yield)
	}
}

// failed is an iteration that ends at once.
func failed(err error) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) { yield(event.Event{}, err) }
}

// clocksRise reports whether the entity's clocks rise with its sequences.
func (s *Snapshot) clocksRise(entity string) (bool, error) {
	var last uint32
	any := false
	for _, p := range s.parts {
		c := s.cursor(p)
		if !c.EntityClocksRise() {
			return false, nil
		}
		number, ok, err := c.FindName([]byte(entity))
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		l, err := c.Entity(number)
		if err != nil {
			return false, err
		}
		if l.Len() == 0 {
			continue
		}
		low, err := c.clockAt(c.Item(l, 0))
		if err != nil {
			return false, err
		}
		if any && low < last {
			return false, nil
		}
		if last, err = c.clockAt(c.Item(l, l.Len()-1)); err != nil {
			return false, err
		}
		any = true
	}
	return true, nil
}

func (c *cursor) clockAt(record uint32, err error) (uint32, error) {
	if err != nil {
		return 0, err
	}
	r, err := c.Record(record)
	if err != nil {
		return 0, err
	}
	return r.Clock(), nil
}

// inStream is an event of a stream that is to be sorted.
type inStream struct {
	sequence uint64
	clock    uint32
}

// streamSorted gathers what the entity has and sorts it: 16 bytes an event.
func (s *Snapshot) streamSorted(region Region, limit int, yield func(event.Event, error) bool) {
	var items []inStream
	for _, p := range s.parts {
		err := s.on(p, func(p *part) error {
			c := s.cursor(p)
			defer c.done()
			more, err := c.stream(&region)
			if err == nil {
				items = append(items, more...)
			}
			return err
		})
		if err != nil {
			yield(event.Event{}, err)
			return
		}
	}
	slices.SortStableFunc(items, func(a, b inStream) int { return cmp.Compare(a.clock, b.clock) })
	if limit > 0 {
		items = items[:min(limit, len(items))]
	}
	cursors := s.cursors()
	for _, it := range items {
		e, err := cursors.at(it.sequence)
		if !yield(e, err) || err != nil {
			return
		}
	}
}

func (c *cursor) stream(region *Region) (items []inStream, err error) {
	_, err = c.batches(region, 0, 0, func(_ *plan, records []artifact.Raw) (bool, error) {
		for _, r := range records {
			items = append(items, inStream{r.Sequence(), r.Clock()})
		}
		return true, nil
	})
	return items, err
}

// cursors reads events of all parts by sequence.
type cursors struct {
	s     *Snapshot
	list  []*cursor
	state int // of the snapshot when the list was made
}

func (s *Snapshot) cursors() *cursors {
	cs := &cursors{s: s}
	cs.renew()
	return cs
}

// renew reads the parts as they are now.
func (cs *cursors) renew() {
	cs.state = cs.s.state()
	cs.list = cs.list[:0]
	for _, p := range cs.s.parts {
		c := cs.s.cursor(p)
		c.names = new(names)
		cs.list = append(cs.list, c)
	}
}

// mending is that of the snapshot, with new cursors after each damage.
func (cs *cursors) mending(f func() error) error {
	for {
		err := f()
		if err == nil {
			return nil
		}
		if mended, err := cs.s.mendNamed(err, cs.state); !mended {
			return err
		}
		cs.renew()
	}
}

// at returns the event with a sequence, which must be there.
func (cs *cursors) at(sequence uint64) (e event.Event, err error) {
	err = cs.mending(func() (err error) {
		e, err = cs.find(sequence)
		return err
	})
	return e, err
}

func (cs *cursors) find(sequence uint64) (event.Event, error) {
	for _, c := range cs.list {
		record, err := c.After(sequence)
		if err != nil {
			return event.Event{}, err
		}
		if record == c.Count() {
			continue
		}
		r, err := c.Record(record)
		if err != nil {
			return event.Event{}, err
		}
		if r.Sequence() == sequence {
			return c.event(r)
		}
	}
	return event.Event{}, ErrNotFound
}
