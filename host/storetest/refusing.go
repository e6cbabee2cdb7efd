package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
)

// Refusing is a store whose appends fail as a test chooses, such as with a conflict that a
// program must answer with another try. Its functions are called in the goroutine of the
// append, several at once if it has several. They must not change while appends run at once.
//
//	store := &storetest.Refusing{Store: storetest.Open(t)}
//	store.Before = func([]host.Item) error {
//		store.Before = nil // once
//		return host.ErrConflict
//	}
//
// A program on which several actors act is given a function that returns the store of an
// actor; a test gives it one that calls As:
//
//	NewService(func(actor gate.Actor) aggregate.Store { return store.As(actor) })
type Refusing struct {
	Store
	// Before is called before each append. Its error refuses the append, which then has no
	// effect.
	Before func(items []host.Item) error
	// After is called after each successful append. Its error is returned instead of the
	// receipts although the events are in the store, as when an answer is lost.
	After func(items []host.Item) error
}

// Store is what a program needs of a store: a *[host.Store], or a *[host.ActingStore].
type Store interface {
	host.FollowReader
	Append(ctx context.Context, at event.Coordinate, kind event.Kind, value any, options ...host.AppendOption) (host.Receipt, error)
	AppendBatch(ctx context.Context, items []host.Item) ([]host.Receipt, error)
	AppendEach(ctx context.Context, items []host.Item) ([]host.Receipt, error)
}

// As returns the store of an actor, see host.Store.As, whose appends call the functions that r
// has at the time. It panics if r's store has no such method.
func (r *Refusing) As(actor gate.Actor) *Refusing {
	as := &Refusing{
		Before: func(items []host.Item) error {
			if r.Before == nil {
				return nil
			}
			return r.Before(items)
		},
		After: func(items []host.Item) error {
			if r.After == nil {
				return nil
			}
			return r.After(items)
		},
	}
	store, ok := r.Store.(interface {
		As(actor gate.Actor) *host.ActingStore
	})
	if !ok {
		panic(fmt.Sprintf("storetest: a %T has no actors", r.Store))
	}
	as.Store = store.As(actor)
	return as
}

// Now is that of host.Store, by which package aggregate knows the time of an event that is not
// written yet.
func (r *Refusing) Now() time.Time {
	if store, ok := r.Store.(interface{ Now() time.Time }); ok {
		return store.Now()
	}
	return time.Now()
}

// Append is that of host.Store.
func (r *Refusing) Append(ctx context.Context, at event.Coordinate, kind event.Kind, value any, options ...host.AppendOption) (host.Receipt, error) {
	receipts, err := r.around([]host.Item{{At: at, Kind: kind, Payload: value, Options: options}}, func([]host.Item) ([]host.Receipt, error) {
		receipt, err := r.Store.Append(ctx, at, kind, value, options...)
		return []host.Receipt{receipt}, err
	})
	if err != nil {
		return host.Receipt{}, err
	}
	return receipts[0], nil
}

// AppendBatch is that of host.Store.
func (r *Refusing) AppendBatch(ctx context.Context, items []host.Item) ([]host.Receipt, error) {
	return r.around(items, func(items []host.Item) ([]host.Receipt, error) { return r.Store.AppendBatch(ctx, items) })
}

// AppendEach is that of host.Store.
func (r *Refusing) AppendEach(ctx context.Context, items []host.Item) ([]host.Receipt, error) {
	return r.around(items, func(items []host.Item) ([]host.Receipt, error) { return r.Store.AppendEach(ctx, items) })
}

func (r *Refusing) around(items []host.Item, appendItems func([]host.Item) ([]host.Receipt, error)) ([]host.Receipt, error) {
	if r.Before != nil {
		if err := r.Before(items); err != nil {
			return nil, err
		}
	}
	receipts, err := appendItems(items)
	if err == nil && r.After != nil {
		if err := r.After(items); err != nil {
			return nil, err
		}
	}
	return receipts, err
}
