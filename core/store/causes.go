package store

import (
	"iter"
	"slices"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
)

// Ancestors returns the cause of an event, the cause of that, and so on, nearest first.
// It does not return the event itself. depth bounds the number of steps, 0 for no bound.
// The chain ends at a cause that is not in the store, is hidden, or was returned before.
// An unknown id is [ErrNotFound], the zero id [commit.ErrZeroID].
func (s *Snapshot) Ancestors(id event.ID, depth int) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		e, err := s.Get(id)
		if err != nil {
			yield(event.Event{}, err)
			return
		}
		seen := map[event.ID]bool{id: true}
		for step := 0; (depth <= 0 || step < depth) && !e.Causation.IsZero() && !seen[e.Causation]; step++ {
			seen[e.Causation] = true
			if e, err = s.Get(e.Causation); err == ErrNotFound {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Effects returns the events that an event caused, then those that they caused, and so
// on: nearest first, and in order of sequence at one distance. It does not return the
// event itself. depth bounds the distance, 0 for no bound. The cause may lie outside the
// store; the error is [ErrNotFound] when no event has the id and none was caused by it.
// The zero id, which stands for no cause, is [commit.ErrZeroID].
func (s *Snapshot) Effects(id event.ID, depth int) iter.Seq2[event.Event, error] {
	if err := commit.CheckID(id); err != nil {
		return failed(err)
	}
	return func(yield func(event.Event, error) bool) {
		cursors := s.cursors()
		seen := map[event.ID]bool{id: true}
		any := false
		for level, at := []event.ID{id}, 1; len(level) > 0 && (depth <= 0 || at <= depth); at++ {
			sequences, _, err := cursors.caused(level, 0)
			if err != nil {
				yield(event.Event{}, err)
				return
			}
			level = level[:0:0]
			for _, sequence := range sequences {
				e, err := cursors.at(sequence)
				if err != nil {
					yield(event.Event{}, err)
					return
				}
				any = true
				if seen[e.ID] {
					continue
				}
				seen[e.ID] = true
				level = append(level, e.ID)
				if !yield(e, nil) {
					return
				}
			}
		}
		if !any {
			if _, err := s.Get(id); err != nil {
				yield(event.Event{}, err)
			}
		}
	}
}

// caused returns the rising sequences of the visible events that any of ids caused, and how
// many they are. Unless most is 0, it returns only the first most of them, and keeps no more
// than a multiple in memory.
func (cs *cursors) caused(ids []event.ID, most int) (sequences []uint64, total int, err error) {
	first := func() {
		slices.Sort(sequences)
		if most > 0 {
			sequences = sequences[:min(most, len(sequences))]
		}
	}
	err = cs.repairing(func() (err error) {
		sequences, total = nil, 0
		for _, c := range cs.list {
			for _, id := range ids {
				err := c.Effects(id, func(sequence uint64) {
					total++
					if sequences = append(sequences, sequence); most > 0 && len(sequences) > 2*most+1024 {
						first()
					}
				})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	first()
	return sequences, total, err
}

// Correlated returns the visible events with a correlation id, in order of sequence. The
// event with that id is among them unless it has another correlation id. The zero id is
// [commit.ErrZeroID].
func (s *Snapshot) Correlated(id event.ID) iter.Seq2[event.Event, error] {
	if err := commit.CheckID(id); err != nil {
		return failed(err)
	}
	return func(yield func(event.Event, error) bool) {
		cursors := s.cursors()
		for i := range cursors.list {
			var sequences []uint64
			err := cursors.repairing(func() (err error) {
				sequences, err = cursors.list[i].Conversation(id)
				return err
			})
			if err != nil {
				yield(event.Event{}, err)
				return
			}
			for _, sequence := range sequences {
				e, err := cursors.at(sequence)
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}
