package main

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"

	"golang.org/x/sync/errgroup"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/react"
	"github.com/thawlog/thaw/host/typed"
)

// Service is the store of orders with everything that is made of it.
type Service struct {
	store  *host.Store
	db     *sql.DB
	orders *aggregate.Aggregates[Order]
	list   *project.SQLProjection
	sales  *project.MemoryProjection[Sales]
	stop   context.CancelFunc
	group  *errgroup.Group
}

// Open opens the service in a directory, and starts the read models and the shipping.
func Open(ctx context.Context, dir string) (*Service, error) {
	store, err := host.Open(ctx, filepath.Join(dir, "events"),
		host.Options{Policy: Policy, Records: &Records, KindNames: Types.Names()})
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "orders.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if _, err = db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(err, db.Close(), store.Close())
	}
	s := &Service{
		store: store,
		db:    db,
		orders: aggregate.Of[Order](store, Types, "order:", aggregate.Snapshots(
			aggregate.SnapshotOptions{Cache: aggregate.FileSnapshots{Dir: filepath.Join(dir, "snapshots")}})),
		list:  project.SQL(db, "orders", orders, list),
		sales: project.Memory("sales", orders, Sales{}),
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.group, ctx = errgroup.WithContext(ctx)
	s.group.Go(func() error { return project.Run(ctx, store, Types, s.list, s.sales) })
	s.group.Go(func() error { return ship(ctx, store, host.CheckpointFile{Path: filepath.Join(dir, "shipping")}) })
	return s, nil
}

// ship ships every order that is paid.
func ship(ctx context.Context, store *host.Store, at host.CheckpointFile) error {
	as := store.As(gate.Actor{ID: "shipping", Facts: Role{Staff: true}})
	return react.Run(ctx, as, Types, "shipping", host.Region{EntityPrefix: "order:", Kinds: Types.MustKinds("order.paid")},
		func(_ context.Context, e typed.Envelope) ([]react.Reaction, error) {
			return []react.Reaction{{At: e.Coordinate, Value: OrderShipped{By: "train", From: "Leiden"}}}, nil
		}, react.Options{Checkpoint: at})
}

// Do carries out a command as an actor. A request with a key that was carried out before
// gets the first answer.
func (s *Service) Do(ctx context.Context, actor gate.Actor, order string, c Command, key string) ([]host.Receipt, error) {
	options := []host.AppendOption{host.WithMeta(event.NewMeta(map[string]string{event.MetaActor: actor.ID}))}
	if key != "" {
		options = append(options, host.WithKey(host.KeyOf(actor.ID+"\x00"+key)))
	}
	return s.orders.With(s.store.As(actor)).Do(ctx, order, c, options...)
}

// Close stops the read models and the shipping, and closes the store.
func (s *Service) Close() error {
	s.stop()
	err := s.group.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	s.orders.Close()
	return errors.Join(err, s.db.Close(), s.store.Close())
}
