package store

import (
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// cursors reads events of all parts by sequence.
type cursors struct {
	s          *Snapshot
	list       []*query.Cursor
	generation standInLevel // of the snapshot when the list was made
}

func (s *Snapshot) cursors() *cursors {
	cs := &cursors{s: s}
	cs.renew()
	return cs
}

// renew replaces the cursors by those of the parts as they are now.
func (cs *cursors) renew() {
	cs.generation = cs.s.generation()
	cs.list = cs.list[:0]
	for _, p := range cs.s.parts {
		c := cs.s.cursor(p)
		c.KeepNames()
		cs.list = append(cs.list, c)
	}
}

// repairing is [Snapshot.repairing], with new cursors after each repair.
func (cs *cursors) repairing(f func() error) error {
	for {
		err := f()
		if err == nil {
			return nil
		}
		if repaired, err := cs.s.repairNamed(err, cs.generation); !repaired {
			return err
		}
		cs.renew()
	}
}

// at returns the event with a sequence, which must exist.
func (cs *cursors) at(sequence uint64) (e event.Event, err error) {
	err = cs.repairing(func() (err error) {
		e, err = cs.find(sequence)
		return err
	})
	return e, err
}

func (cs *cursors) find(sequence uint64) (event.Event, error) {
	for _, c := range cs.list {
		if e, ok, err := c.At(sequence); ok || err != nil {
			return e, err
		}
	}
	return event.Event{}, ErrNotFound
}
