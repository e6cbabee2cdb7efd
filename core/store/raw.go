package store

import (
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/query"
)

// QueryRaw passes on the records of the events that Query yields, in the same order. ok is
// false, and nothing was passed on, where the index alone does not have the answer: the
// region has times, or the store checks frames.
func (s *Snapshot) QueryRaw(region query.Region, page query.Page, to query.RawEvents) (ok bool, err error) {
	if o := s.queryOptions(); !o.Raw(&region) {
		return false, nil
	}
	for i, p := range s.parts {
		if page.Reverse {
			p = s.parts[len(s.parts)-1-i]
		}
		more := true
		err := s.withPart(p, func(p *part) (err error) {
			c := s.cursor(p)
			defer c.Release()
			more, err = c.QueryRaw(&region, &page, to)
			return err
		})
		if err != nil || !more {
			return true, err
		}
	}
	return true, nil
}

// StreamRaw is QueryRaw for the events that Stream yields. ok is also false where the
// entity's clocks do not rise.
func (s *Snapshot) StreamRaw(entity string, page query.StreamPage, to query.RawEvents) (ok bool, err error) {
	if err := commit.CheckEntity(entity); err != nil {
		return true, err
	}
	clocks, ok := page.Clocks()
	if !ok {
		return true, nil
	}
	err = s.repairing(func() (err error) {
		ok, err = s.clocksRise(entity)
		return err
	})
	if err != nil {
		return true, err
	}
	if !ok {
		return false, nil
	}
	region := query.Region{Entity: entity, Clocks: clocks}
	return s.QueryRaw(region, query.Page{Limit: page.Limit, Reverse: page.Reverse}, to)
}
