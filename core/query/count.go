package query

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
)

// CountFrom returns how many visible records a region has from a sequence on. It reads no
// records unless the region has clocks or times. Of clocks it reads a few records of an
// entity whose clocks rise, and all of any other; of times what a query reads, which is no
// frame for times of WallMS.
func (c *Cursor) CountFrom(region *Region, from uint64) (n uint64, err error) {
	if region.Times.ofFrames() {
		_, err := c.Query(region, &Page{From: from}, func(event.Event, error) bool {
			n++
			return true
		})
		return n, err
	}
	first, err := c.After(from)
	if err != nil || first == c.Count() {
		return 0, err
	}
	p, err := c.plan(region, first, c.Count(), true, 0)
	switch {
	case err != nil || p.empty:
		return 0, err
	case p.alone != nil:
		return c.countLists(p.alone, first)
	case !p.inexact:
		return p.search.count()
	}
	_, err = c.read(p, &Page{From: from}, func(_ *plan, records []artifact.Raw) (bool, error) {
		n += uint64(len(records))
		return true, nil
	})
	return n, err
}

// countLists returns how many visible records some lists have in all, from record first
// on.
func (c *Cursor) countLists(lists []index.List, first uint32) (total uint64, err error) {
	s := search{c: c, next: first, end: c.Count()}
	if ok, err := s.advance(); err != nil || !ok {
		return 0, err
	}
	if s.shown == (span{from: 0, to: c.Count()}) {
		for _, l := range lists {
			total += uint64(l.Len())
		}
		return total, nil
	}
	var p index.Postings
	for _, l := range lists {
		p.Walk(&c.Reader, l)
		one := search{c: c, driver: &p, next: s.next, end: s.end, shown: s.shown}
		n, err := one.countOne()
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}
