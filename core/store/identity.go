package store

import (
	"github.com/thawlog/thaw/core/event"
)

// Identity returns the store's identity: that of store.thaw, and without one the id of the
// first event, which is the record with the lowest sequence, hidden or not. Ids are unique,
// and the first event does not change until events are removed, which writes store.thaw; so
// a store of batpak's has an identity too. It is zero while the store has no event. A store
// without store.thaw that lost its first event, and whose index no longer has it, has another
// identity. If store.thaw is damaged, the error is a [damage.Damage] of it.
func (s *Snapshot) Identity() (id event.ID, err error) {
	l, err := s.Lineage()
	if err != nil {
		return event.ID{}, err
	}
	if l != nil && !l.Identity.IsZero() {
		return l.Identity, nil
	}
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

// End returns the sequence after the last record, hidden or not, or the next sequence of
// store.thaw if that is higher: the last events were then removed. It is 0 without either. No
// event that appears later has a lower one, unless the store is damaged, or batpak left out
// numbers and only the footer of the newest segment will tell. It is at most the report's
// NextSequence, which may be higher: an index can claim numbers that were never used, and a
// later event can then have one of them.
func (s *Snapshot) End() uint64 { return max(s.LastEnd(), s.nextSequence()) }

// LastEnd returns the sequence after the last record, hidden or not, and 0 without one.
func (s *Snapshot) LastEnd() uint64 {
	for i := len(s.parts) - 1; i >= 0; i-- {
		if last, ok := s.parts[i].now().Index.Last(); ok {
			return last + 1
		}
	}
	return 0
}
