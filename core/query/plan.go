package query

import (
	"slices"
	"strings"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
)

// Rough costs in ns. Only their ratios matter, and only where a condition has many lists.
const (
	costItem   = 5   // gathering an item of a list
	costList   = 40  // finding the list of a name
	costRecord = 100 // reading a record that does not match
)

// plan says how one part answers one region: which records to read, and which conditions
// to check of each. Every record is compared with the region before it is returned, so a
// wrong list can hide an event but not forge one.
type plan struct {
	planned
	single [maxConditions]index.Postings // the sets of conditions that are one list
}

// announced is how many lists are announced at once: of so many the parts that are not there
// yet fit into any cache.
const announced = 1024

// maxConditions is how many conditions of a region have sets: entity or its prefix,
// scope, kinds.
const maxConditions = 3

// planned is a plan without its buffers.
type planned struct {
	// empty is set when the part has no such record.
	empty bool
	// inexact is set when the search finds records that may not match.
	inexact bool
	search
	region *Region
	// entity and scope are the numbers of the names, 0 for any.
	entity, scope uint32
	// prefix is how the entity's name must begin.
	prefix string
	// count is set when only the number of records is wanted; limit, unless 0, is how many
	// records are.
	count bool
	limit int
	// first is the first record to consider, and last the one after the last.
	first, last uint32

	conditions   []condition
	conditionBuf [maxConditions]condition
	othersBuf    [maxConditions - 1]set
	// alone are the lists of the only condition of a count, when they were not made a set:
	// their lengths are the answer.
	alone []index.List
}

// condition is the records that meet one condition: a set, or the lists to make one of.
type condition struct {
	set   set
	lists []index.List
	left  int // members from plan.first on, or of all lists
}

// match reports whether a record meets the region's conditions, but for the prefix, which
// needs the entity's name, and for those times that need the frame: see [Cursor.inTimes].
func (p *plan) match(r artifact.Raw) bool {
	return (p.entity == 0 || r.Entity() == p.entity) && (p.scope == 0 || r.Scope() == p.scope) &&
		p.region.Kinds.Has(r.Kind()) && p.region.Clocks.has(r.Clock()) && !p.region.Times.excludes(r.WallMS())
}

// plan makes sets of a region's conditions. The plan is valid until the cursor makes
// another. It is of the records from first up to last. For a count, every condition but
// those of clocks and times becomes a set, so that no record is read. limit is that of a page,
// 0 for none.
func (c *Cursor) plan(region *Region, first, last uint32, count bool, limit int) (*plan, error) {
	p := &c.p
	p.forget()
	p.region, p.count, p.limit, p.first, p.last = region, count, limit, first, last
	p.search = search{c: c, next: first, end: last}
	p.conditions = p.conditionBuf[:0]
	p.empty = region.Kinds.Empty() || region.Times.empty()
	p.inexact = !region.Times.all()
	var err error
	if !p.empty {
		err = p.byEntity(c)
	}
	if err == nil && !p.empty {
		err = p.byScope(c)
	}
	if err == nil && !p.empty {
		err = p.byKinds(c)
	}
	if err == nil && !p.empty {
		err = p.byPrefix(c)
	}
	if err == nil && !p.empty {
		err = p.order(c)
	}
	return p, err
}

// forget empties a plan. It keeps the buffers of its lists.
func (p *plan) forget() {
	for i := range p.single {
		p.single[i].Forget()
	}
	p.planned = planned{}
}

// order makes the smallest set the driver.
func (p *plan) order(c *Cursor) (err error) {
	if len(p.conditions) == 0 {
		p.driver = &every{count: p.last, next: p.first}
		return nil
	}
	if only := p.conditions[0]; p.count && len(p.conditions) == 1 && only.set == nil && !p.inexact {
		p.alone = only.lists
		return nil
	}
	for i := range p.conditions {
		if d := &p.conditions[i]; d.set == nil {
			if d.set, err = c.gather(d.lists, d.left, p.first, p.last); err != nil {
				return err
			}
			d.left = d.set.Left()
		}
	}
	slices.SortStableFunc(p.conditions, func(a, b condition) int { return a.left - b.left })
	p.driver = p.conditions[0].set
	p.others = p.othersBuf[:0]
	for _, other := range p.conditions[1:] {
		p.others = append(p.others, other.set)
	}
	return nil
}

// smallest returns the size of the smallest set so far.
func (p *plan) smallest() int {
	n := int(p.last - p.first)
	for _, other := range p.conditions {
		n = min(n, other.left)
	}
	return n
}

// add adds a condition that a set meets, unless all records meet it.
func (p *plan) add(c *Cursor, s set) {
	left := s.Left()
	p.empty = p.empty || left == 0
	if left < int(c.Count()-p.first) {
		p.conditions = append(p.conditions, condition{set: s, left: left})
	}
}

// addOne adds a condition that is one list.
func (p *plan) addOne(c *Cursor, l index.List) error {
	s := &p.single[len(p.conditions)]
	s.Walk(&c.Reader, l)
	if p.first > 0 {
		if _, err := s.Seek(p.first); err != nil {
			return err
		}
	}
	p.add(c, s)
	return nil
}

// named looks up a name. Without it the plan is empty.
func (p *plan) named(c *Cursor, name string) (uint32, error) {
	number, ok, err := c.FindName([]byte(name))
	p.empty = p.empty || !ok
	return number, err
}

func (p *plan) byEntity(c *Cursor) (err error) {
	clocks := p.region.Clocks
	if p.region.Entity == "" {
		p.inexact = p.inexact || !clocks.all()
		return nil
	}
	if p.entity, err = p.named(c, p.region.Entity); err != nil || p.empty {
		return err
	}
	l, err := c.Entity(p.entity)
	if err != nil {
		return err
	}
	switch {
	case clocks.all():
	case c.EntityClocksRise():
		if l, err = c.Clocks(l, clocks.min, clocks.max); err != nil {
			return err
		}
	default:
		p.inexact = true
	}
	return p.addOne(c, l)
}

func (p *plan) byScope(c *Cursor) (err error) {
	if p.region.Scope == "" {
		return nil
	}
	if p.scope, err = p.named(c, p.region.Scope); err != nil || p.empty {
		return err
	}
	l, err := c.Scope(p.scope)
	if err != nil {
		return err
	}
	return p.addOne(c, l)
}

func (p *plan) byKinds(c *Cursor) error {
	if p.region.Kinds.All() {
		return nil
	}
	var lists []index.List
	for first, last := range p.region.Kinds.Runs() {
		some, err := c.Kinds(first, last)
		if err != nil {
			return err
		}
		if lists == nil {
			lists = some
		} else {
			lists = append(lists, some...)
		}
	}
	return p.addMany(c, lists)
}

func (p *plan) byPrefix(c *Cursor) error {
	p.prefix = p.region.EntityPrefix
	if p.prefix == "" {
		return nil
	}
	if p.region.Entity != "" {
		p.empty = !strings.HasPrefix(p.region.Entity, p.prefix)
		return nil
	}
	lo, hi, err := c.NamesWithPrefix([]byte(p.prefix))
	if err != nil {
		return err
	}
	names := int(hi) - int(lo)
	if names <= 0 {
		p.empty = true
		return nil
	}
	// An estimate: as large a share of the records as of the names has the prefix.
	total := int(uint64(p.last-p.first) * uint64(names) / uint64(max(c.Names(), 1)))
	if !p.worthGathering(total, names*costList) {
		p.inexact = true
		return nil
	}
	lists := make([]index.List, 0, names)
	numbers := make([]uint32, min(announced, names))
	for lo < hi {
		some := numbers[:min(uint32(len(numbers)), hi-lo)]
		for i := range some {
			if some[i], err = c.OrderedName(lo + uint32(i)); err != nil {
				return err
			}
		}
		c.AnnounceEntities(some)
		for _, number := range some {
			l, err := c.Entity(number)
			if err != nil {
				return err
			}
			if l.Len() > 0 { // a scope's name is in the table too
				lists = append(lists, l)
			}
		}
		lo += uint32(len(some))
	}
	return p.addMany(c, lists)
}

// addMany adds a condition that several lists meet, which have no record in common. It
// adds none where gathering them costs more than reading records that do not match.
func (p *plan) addMany(c *Cursor, lists []index.List) error {
	total := 0
	for _, l := range lists {
		total += l.Len()
	}
	switch {
	case total == 0:
		p.empty = true
	case total == int(c.Count()): // all records meet it
	case len(lists) == 1:
		return p.addOne(c, lists[0])
	case len(lists) <= maxUnion:
		u := c.union(lists)
		if _, err := u.Seek(p.first); err != nil {
			return err
		}
		p.add(c, u)
	case p.worthGathering(total, 0):
		p.conditions = append(p.conditions, condition{lists: lists, left: total})
	default:
		p.inexact = true
	}
	return nil
}

// worthGathering reports whether gathering a set of total records, with an extra cost, is
// cheaper than reading the records of the other sets that are not in it.
func (p *plan) worthGathering(total, extra int) bool {
	if p.count {
		return true
	}
	all, scanned := max(uint64(p.last-p.first), 1), uint64(p.smallest())
	members := min(uint64(total), all)
	if p.limit > 0 && members > 0 { // one record in all/members is a hit
		scanned = min(scanned, uint64(p.limit)*all/members)
	}
	wasted := scanned - scanned*members/all
	return uint64(extra)+members*costItem < wasted*costRecord
}
