package aggregate

import (
	"context"
	"strings"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Store is what aggregates need of a store. A *[host.Store] is one.
type Store interface {
	host.Reader
	AppendBatch(ctx context.Context, items []host.Item) ([]host.Receipt, error)
}

var _ Store = (*host.Store)(nil)

// Aggregates are the entities of one type: those whose name is a prefix and an id. All
// methods are safe for concurrent use.
type Aggregates[T any] struct {
	store  Store
	types  *typed.Types
	prefix string
	folder func(*T) typed.Folder
	settings
	// Those of With share the fields below.
	turns     *turns
	snapshots *snapshots // nil without snapshots
}

// Of returns the aggregates of type T, whose entities are named prefix and id. A new T is
// the state before the first event.
func Of[T any, P interface {
	*T
	typed.Folder
}](store Store, types *typed.Types, prefix string, options ...Option) *Aggregates[T] {
	a := &Aggregates[T]{
		store: store, types: types, prefix: prefix,
		folder:   func(state *T) typed.Folder { return P(state) },
		settings: newSettings(prefix, options),
		turns:    newTurns(),
	}
	if a.cache.Cache != nil {
		a.snapshots = newSnapshots[T](types, a.cache)
	}
	return a
}

// With returns the same aggregates through another store value of the same store, such as
// one that appends for an actor.
func (a *Aggregates[T]) With(store Store) *Aggregates[T] {
	with := *a
	with.store = store
	return &with
}

// Close waits until the snapshots that loads have asked for are written, and writes no more in
// the background. If one fails, the others are dropped. Close it before the store, which it
// does not close. Aggregates without [Snapshots] need no Close.
func (a *Aggregates[T]) Close() {
	if a.snapshots != nil {
		a.snapshots.background.close()
	}
}

// At returns the coordinate of an aggregate's events. It is that of no aggregate if id is
// empty.
func (a *Aggregates[T]) At(id string) event.Coordinate {
	return event.At(a.prefix+id, a.scope(id))
}

// ID returns the id of an entity, and whether it is one of these aggregates.
func (a *Aggregates[T]) ID(entity string) (id string, ok bool) {
	id, ok = strings.CutPrefix(entity, a.prefix)
	return id, ok && id != ""
}

// Region returns the region of all events of these aggregates, for a projection or a
// reaction. Where the prefix of other entities begins with this one, it has their events too.
func (a *Aggregates[T]) Region() host.Region { return host.Region{EntityPrefix: a.prefix} }

// at is At for a caller's id.
func (a *Aggregates[T]) at(id string) (event.Coordinate, error) {
	if id == "" {
		return event.Coordinate{}, &host.NameError{Part: "entity", Err: host.ErrNameEmpty}
	}
	return a.At(id), nil
}
