package store

import (
	"github.com/thawlog/thaw/core/event"
)

// Identity returns the store's identity: the id of its first event, which is the record
// with the lowest sequence, hidden or not. Ids are unique, the first event never changes,
// and a store of batpak's has one too. It is zero while the store has no event. A store
// that lost its first event, and whose index no longer has it, has another identity.
func (s *Snapshot) Identity() (id event.ID, err error) {
	err = s.repairing(func() (err error) {
		id, err = s.identity()
		return err
	})
	return id, err
}

func (s *Snapshot) identity() (event.ID, error) {
	for _, p := range s.parts {
		if p.now().Image.Count == 0 {
			continue
		}
		c := s.cursor(p)
		defer c.Release()
		r, err := c.Single(0)
		if err != nil {
			return event.ID{}, err
		}
		return r.ID(), nil
	}
	return event.ID{}, nil
}

// End returns the sequence after the last record, hidden or not, and 0 without one. No event
// that appears later has a lower one, unless the store is damaged, or batpak left out
// numbers and only the footer of the newest segment will tell. It is at most the report's
// NextSequence, which may be higher: an index can claim numbers that were never used, and a
// later event can then have one of them.
func (s *Snapshot) End() uint64 {
	for i := len(s.parts) - 1; i >= 0; i-- {
		if last, ok := s.parts[i].now().Index.Last(); ok {
			return last + 1
		}
	}
	return 0
}
