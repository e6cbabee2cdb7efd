package host

import (
	"context"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/store"
)

// Lineage says which store this is, where it was forked from and what was removed from it.
type Lineage struct {
	// Identity is the store's identity, as in [Position]. It is zero for a store without events
	// that has no written one.
	Identity event.ID
	// Generation says how often events were removed or rewritten.
	Generation uint64
	// Origin is where the store was forked from, nil if it was not.
	Origin *Origin
	// Removals are what was removed, by rising generation. Old ones may be joined into one that
	// covers several.
	Removals []Removal
}

// Origin is the store that a fork was made from: its identity, and the sequence of the last
// event that both have in common.
type Origin = lineage.Origin

// Removal is some events that were removed together. Its fields are in go doc ./core/lineage.
type Removal = lineage.Removal

// RemovalMode says how events were removed.
type RemovalMode = lineage.Mode

// The modes of a removal.
const (
	// Dropped events have no frame any more.
	Dropped = lineage.Dropped
	// Tombstoned events keep their place, with kind 0x0FFE and without a payload.
	Tombstoned = lineage.Tombstoned
	// Redacted events have lost their payload and metadata, and nothing else.
	Redacted = lineage.Redacted
	// Lost events were damaged, and a salvage did without them.
	Lost = lineage.Lost
)

// Before returns the removals after a generation that concern sequences below end.
func (l *Lineage) Before(end, generation uint64) []Removal {
	return (&lineage.Lineage{Removals: l.Removals}).Before(end, generation)
}

// Lineage returns which store this is, and what was removed from it. If store.thaw is damaged,
// the error is a *[Damage]. Do not modify the slice of the result.
func (q *queries) Lineage(ctx context.Context) (Lineage, error) {
	return on(ctx, q, func(s *store.Snapshot) (Lineage, error) {
		id, err := s.Identity()
		if err != nil {
			return Lineage{}, err
		}
		l, err := s.Lineage()
		if l == nil {
			return Lineage{Identity: id}, err
		}
		return Lineage{Identity: id, Generation: l.Generation, Origin: l.Origin, Removals: l.Removals}, err
	})
}

// removed reports whether an event with the sequence may have been removed.
func (l *Lineage) removed(sequence uint64) bool {
	return (&lineage.Lineage{Removals: l.Removals}).Covers(sequence)
}

// lineageOf returns the lineage of a feed's store, and nothing for one that has none to ask for.
func lineageOf(ctx context.Context, f feed) (l Lineage, err error) {
	var of any = f
	if r, ok := f.(*refreshFeed); ok {
		of = r.Refresher
	}
	if r, ok := of.(interface {
		Lineage(ctx context.Context) (Lineage, error)
	}); ok {
		l, err = r.Lineage(ctx)
	}
	return l, err
}
