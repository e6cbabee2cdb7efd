package store

import (
	"iter"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
)

// Region says which events a query asks for. Conditions that are set must all
// hold; the zero Region is every event.
type Region struct {
	// Entity is the exact name; EntityPrefix is how the name begins.
	Entity, EntityPrefix string
	Scope                string
	Kinds                event.Kinds
	// Clocks bounds the number within the entity.
	Clocks Clocks
}

// Clocks is a range of clocks, both ends included. The zero Clocks is all.
type Clocks struct {
	min, max uint32
	limited  bool
}

// ClocksBetween is the range from low to high, both included.
func ClocksBetween(low, high uint32) Clocks { return Clocks{low, high, true} }

// Has reports whether c is in the range.
func (c Clocks) Has(clock uint32) bool {
	return !c.limited || c.min <= clock && clock <= c.max
}

// Page says where an iteration begins and how far it goes. To go on where one
// ended, set From to the last event's sequence plus one.
type Page struct {
	// From is the lowest sequence wanted.
	From uint64
	// Limit is the highest number of events wanted, 0 for no limit.
	Limit int
}

// Query returns the visible events of a region in order of sequence. The first
// error ends the iteration.
func (s *Snapshot) Query(region Region, page Page) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		left := page.Limit
		for _, p := range s.parts {
			c := s.cursor(p)
			done, err := c.query(&region, page.From, func(r artifact.Raw) (bool, error) {
				e, err := c.event(r)
				if err != nil {
					return false, err
				}
				if !yield(e, nil) {
					return false, nil
				}
				left--
				return left != 0, nil
			})
			if err != nil {
				yield(event.Event{}, err)
				return
			}
			if done {
				return
			}
		}
	}
}

// Count returns the number of events that Query would return without a limit.
// It reads no names.
func (s *Snapshot) Count(region Region, from uint64) (n uint64, err error) {
	for _, p := range s.parts {
		c := s.cursor(p)
		if _, err := c.query(&region, from, func(artifact.Raw) (bool, error) { n++; return true, nil }); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// query gives the matching visible records of one part to f in order, until f
// returns false. done says that it did.
func (c *cursor) query(region *Region, from uint64, f func(artifact.Raw) (bool, error)) (done bool, err error) {
	first, err := c.After(from)
	if err != nil || first == c.Count() {
		return false, err
	}
	p, err := c.plan(region, first)
	if err != nil || p.nothing {
		return false, err
	}
	for record, err := range p.records {
		if err != nil {
			return false, err
		}
		r, err := c.Record(record)
		if err != nil {
			return false, err
		}
		if r.Sequence() < from || !p.match(r) || !c.visible(r) {
			continue
		}
		if ok, err := f(r); err != nil || !ok {
			return true, err
		}
	}
	return false, nil
}

// plan is how one part answers one region: which records to look at, and what
// to ask of each. A list only narrows what is looked at, so a wrong one cannot
// add an event.
type plan struct {
	nothing bool
	records iter.Seq2[uint32, error]
	region  *Region
	entity  uint32
	scope   uint32
	// prefixed has a bit for each string that begins with the prefix.
	prefixed []uint64
}

func (p *plan) match(r artifact.Raw) bool {
	e := r.Entity()
	return (p.entity == 0 || e == p.entity) &&
		(p.scope == 0 || r.Scope() == p.scope) &&
		(p.prefixed == nil || e/64 < uint32(len(p.prefixed)) && p.prefixed[e/64]&(1<<(e%64)) != 0) &&
		p.region.Kinds.Has(r.Kind()) && p.region.Clocks.Has(r.Clock())
}

// plan chooses the shortest of the lists that hold every answer.
func (c *cursor) plan(region *Region, first uint32) (p plan, err error) {
	p.region = region
	best := candidates{scan: true, total: int(c.Count() - first)}
	better := func(lists []index.List, err error) error {
		if err != nil {
			return err
		}
		var kept []index.List
		total := 0
		for _, l := range lists {
			if l, err = c.From(l, first); err != nil {
				return err
			}
			if l.Len() > 0 {
				kept = append(kept, l)
				total += l.Len()
			}
		}
		// Several lists have to be gathered and sorted before the first event
		// comes out, which is only worth it well below a scan.
		cost := total
		if len(kept) > 1 {
			cost *= 4
		}
		if cost < best.total {
			best = candidates{lists: kept, total: cost}
		}
		p.nothing = p.nothing || total == 0
		return nil
	}
	one := func(l index.List, err error) ([]index.List, error) { return []index.List{l}, err }

	if region.Entity != "" {
		if p.entity, err = c.named(region.Entity, &p); err != nil || p.nothing {
			return p, err
		}
		if err := better(one(c.Entity(p.entity))); err != nil {
			return p, err
		}
	}
	if region.Scope != "" {
		if p.scope, err = c.named(region.Scope, &p); err != nil || p.nothing {
			return p, err
		}
		if err := better(one(c.Scope(p.scope))); err != nil {
			return p, err
		}
	}
	if !region.Kinds.All() {
		if err := better(c.Kinds(region.Kinds.Bounds())); err != nil {
			return p, err
		}
	}
	if region.EntityPrefix != "" {
		if err := better(c.prefixed(region.EntityPrefix, &p)); err != nil {
			return p, err
		}
	}
	p.records = best.records(c, first)
	return p, nil
}

// named looks a name up; a name the part does not have matches nothing.
func (c *cursor) named(name string, p *plan) (uint32, error) {
	number, ok, err := c.FindName([]byte(name))
	p.nothing = p.nothing || !ok
	return number, err
}

// prefixed returns the lists of the entities that begin with prefix, and marks
// their numbers in the plan.
func (c *cursor) prefixed(prefix string, p *plan) ([]index.List, error) {
	lo, hi, err := c.NamesWithPrefix([]byte(prefix))
	if err != nil {
		return nil, err
	}
	p.prefixed = make([]uint64, (c.Names()+63)/64)
	var lists []index.List
	for place := lo; place < hi; place++ {
		number, err := c.OrderedName(place)
		if err != nil {
			return nil, err
		}
		if number/64 >= uint32(len(p.prefixed)) {
			return nil, index.ErrTable
		}
		p.prefixed[number/64] |= 1 << (number % 64)
		l, err := c.Entity(number)
		if err != nil {
			return nil, err
		}
		if l.Len() > 0 { // a scope's name is in the table too
			lists = append(lists, l)
		}
	}
	return lists, nil
}

// candidates are record numbers to look at: lists, or all from a place on.
type candidates struct {
	scan  bool
	lists []index.List
	total int
}

func (k candidates) records(c *cursor, first uint32) iter.Seq2[uint32, error] {
	switch {
	case k.scan:
		return func(yield func(uint32, error) bool) {
			for i := first; i < c.Count(); i++ {
				if !yield(i, nil) {
					return
				}
			}
		}
	case len(k.lists) == 1:
		return func(yield func(uint32, error) bool) {
			for i := range k.lists[0].Len() {
				if record, err := c.Item(k.lists[0], i); !yield(record, err) || err != nil {
					return
				}
			}
		}
	}
	return func(yield func(uint32, error) bool) {
		records, err := c.gather(k.lists)
		if err != nil {
			yield(0, err)
			return
		}
		for _, record := range records {
			if !yield(record, nil) {
				return
			}
		}
	}
}

// gather reads several lists and brings them into the order of records.
func (c *cursor) gather(lists []index.List) ([]uint32, error) {
	total := 0
	for _, l := range lists {
		total += l.Len()
	}
	records := make([]uint32, 0, total)
	for _, l := range lists {
		for i := range l.Len() {
			record, err := c.Item(l, i)
			if err != nil {
				return nil, err
			}
			records = append(records, record)
		}
	}
	slices.Sort(records)
	return slices.Compact(records), nil
}
