package store

import (
	"iter"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// Query returns the visible events of a region within a page, in order of sequence or its
// reverse. The first error ends the iteration.
func (s *Snapshot) Query(region query.Region, page query.Page) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		page := page // the iterator may be used again
		for i, p := range s.parts {
			if page.Reverse {
				p = s.parts[len(s.parts)-1-i]
			}
			more := true
			err := s.withPart(p, func(p *part) (err error) {
				c := s.cursor(p)
				defer c.Release()
				more, err = c.Query(&region, &page, yield)
				return err
			})
			if err != nil {
				yield(event.Event{}, err)
				return
			}
			if !more {
				return
			}
		}
	}
}

// Count returns the number of events that Query would return without a limit. It reads no
// records unless the region has clocks or times. Of clocks it reads a few records of an entity
// whose clocks rise, and all of any other. Of times it reads the frames that Query reads.
func (s *Snapshot) Count(region query.Region, from uint64) (n uint64, err error) {
	for _, p := range s.parts {
		err := s.withPart(p, func(p *part) error {
			c := s.cursor(p)
			defer c.Release()
			k, err := c.CountFrom(&region, from)
			if err == nil {
				n += k
			}
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}
