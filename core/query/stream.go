package query

import (
	"github.com/thawlog/thaw/core/artifact"
)

// Place is the place of an event in the store and in its stream.
type Place struct {
	Sequence uint64
	Clock    uint32
}

// Places returns the places of the visible events of a region, by rising sequence.
func (c *Cursor) Places(region *Region) (places []Place, err error) {
	_, err = c.batches(region, &Page{}, func(_ *plan, records []artifact.Raw) (bool, error) {
		for _, r := range records {
			places = append(places, Place{Sequence: r.Sequence(), Clock: r.Clock()})
		}
		return true, nil
	})
	return places, err
}

// ClockSpan describes the clocks of an entity in one part.
type ClockSpan struct {
	// Rise is false when clocks of the part may not rise with sequences. The other fields
	// are then zero.
	Rise bool
	// Any is set when the entity has records in the part, whose clocks go from First to
	// Last.
	Any         bool
	First, Last uint32
}

// ClockSpan returns the clocks of an entity's first and last record.
func (c *Cursor) ClockSpan(entity string) (ClockSpan, error) {
	s := ClockSpan{Rise: c.EntityClocksRise()}
	if !s.Rise {
		return s, nil
	}
	number, ok, err := c.FindName([]byte(entity))
	if err != nil || !ok {
		return s, err
	}
	l, err := c.Entity(number)
	if err != nil || l.Len() == 0 {
		return s, err
	}
	s.Any = true
	if s.First, err = c.clockOf(c.Item(l, 0)); err == nil {
		s.Last, err = c.clockOf(c.Item(l, l.Len()-1))
	}
	return s, err
}

func (c *Cursor) clockOf(record uint32, err error) (uint32, error) {
	if err != nil {
		return 0, err
	}
	r, err := c.Record(record)
	if err != nil {
		return 0, err
	}
	return r.Clock(), nil
}
