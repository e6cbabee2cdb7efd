package main

import (
	"context"
	"database/sql"
	"errors"
	"os"
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
func Open(ctx context.Context, dir string) (s *Service, err error) {
	s = &Service{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := os.MkdirAll(filepath.Join(dir, "snapshots"), 0o777); err != nil {
		return nil, err
	}
	s.store, err = host.Open(ctx, filepath.Join(dir, "events"),
		host.Options{Policy: Policy, Records: &Records, KindNames: Types.Names()})
	if err != nil {
		return nil, err
	}
	if s.db, err = sql.Open("sqlite", filepath.Join(dir, "orders.db")+"?_pragma=journal_mode(wal)"); err != nil {
		return nil, err
	}
	if _, err := s.db.ExecContext(ctx, schema); err != nil {
		return nil, err
	}
	s.orders = aggregate.Of[Order](s.store, Types, "order:",
		aggregate.Options{Snapshots: aggregate.FileSnapshots{Dir: filepath.Join(dir, "snapshots")}})
	s.list = project.SQL(s.db, "orders", events, list)
	s.sales = project.Memory("sales", events, Sales{})

	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.group, ctx = errgroup.WithContext(ctx)
	s.group.Go(func() error { return project.Run(ctx, s.store, Types, s.list, s.sales) })
	s.group.Go(func() error { return s.ship(ctx, host.CheckpointFile{Path: filepath.Join(dir, "shipping.checkpoint")}) })
	return s, nil
}

// ship ships every order that is paid.
func (s *Service) ship(ctx context.Context, at host.CheckpointFile) error {
	paid, _ := Types.Kinds("order.paid")
	region := host.Region{EntityPrefix: "order:", Kinds: paid}
	as := s.store.As(gate.Actor{ID: "shipping", Facts: Role{Staff: true}})
	return react.Run(ctx, as, Types, "shipping", region, func(_ context.Context, e typed.Envelope) ([]react.Reaction, error) {
		return []react.Reaction{{At: e.Coordinate, Value: OrderShipped{By: "train", From: "Leiden"}}}, nil
	}, react.Options{Checkpoint: &at})
}

// Do carries out a command as an actor. A request with a key that was carried out before
// gets the first answer.
func (s *Service) Do(ctx context.Context, actor gate.Actor, order string, command Command, key string) ([]host.Receipt, error) {
	meta := map[string]string{event.MetaActor: actor.ID}
	options := []host.AppendOption{host.WithMeta(event.NewMeta(meta))}
	if key != "" {
		options = append(options, host.WithKey(host.KeyOf(actor.ID+"\x00"+key)))
	}
	return s.orders.With(s.store.As(actor)).Do(ctx, order, command, options...)
}

// Close stops the read models and the shipping, and closes the store.
func (s *Service) Close() (err error) {
	if s.group != nil {
		s.stop()
		if err = s.group.Wait(); errors.Is(err, context.Canceled) {
			err = nil
		}
		err = errors.Join(err, s.orders.Close())
	}
	if s.db != nil {
		err = errors.Join(err, s.db.Close())
	}
	if s.store != nil {
		err = errors.Join(err, s.store.Close())
	}
	return err
}
