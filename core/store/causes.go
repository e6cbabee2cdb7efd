package store

import (
	"iter"
	"slices"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
)

// Ancestors returns what led to an event: its cause, the cause of that, and so
// on, nearest first. The event itself is not among them. depth bounds the
// number of steps, 0 for no bound. A cause that is not in the store, or is
// hidden, ends the chain, as does one that was there before. An unknown id is
// [ErrNotFound], the zero id [commit.ErrZeroID].
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

// Effects returns what an event caused, then what those events caused, and so
// on: nearest first, and in order of sequence at one distance. The event itself
// is not among them. depth bounds the distance, 0 for no bound. The id may be
// that of a cause outside the store; when no event is or was caused by it, the
// error is [ErrNotFound]. The zero id, which stands for no cause, is
// [commit.ErrZeroID].
func (s *Snapshot) Effects(id event.ID, depth int) iter.Seq2[event.Event, error] {
	if err := commit.CheckID(id); err != nil {
		return failed(err)
	}
	return func(yield func(event.Event, error) bool) {
		cursors := s.cursors()
		seen := map[event.ID]bool{id: true}
		any := false
		for level, at := []event.ID{id}, 1; len(level) > 0 && (depth <= 0 || at <= depth); at++ {
			sequences, err := cursors.caused(level)
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

// caused returns the sequences of the visible events that any of ids caused,
// rising.
func (cs *cursors) caused(ids []event.ID) (sequences []uint64, err error) {
	err = cs.repairing(func() (err error) {
		sequences = nil
		for _, c := range cs.list {
			for _, id := range ids {
				if sequences, err = c.Effects(sequences, id); err != nil {
					return err
				}
			}
		}
		return nil
	})
	slices.Sort(sequences)
	return sequences, err
}

// Correlated returns the visible events of one conversation in order of
// sequence: those with the correlation id, the event of that id included when
// it has no other. The zero id is [commit.ErrZeroID].
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
