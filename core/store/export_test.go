package store

import "github.com/thawlog/thaw/core/event"

// Parts is how many parts a snapshot has.
func (s *Snapshot) Parts() int { return len(s.parts) }

// QueryPart asks one part.
func (s *Snapshot) QueryPart(i int, region Region, page *Page, yield func(event.Event, error) bool) (more bool, err error) {
	return s.cursor(s.parts[i]).query(&region, page, yield)
}
