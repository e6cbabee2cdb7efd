package thaw

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"

	_ "github.com/mattn/go-sqlite3" // the driver

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/bench/orders"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

// Types are the types of the service's events.
var Types = typed.Registry(
	typed.Event[orders.Placed](0x1001, "order.placed"),
	typed.Event[orders.LineAdded](0x1002, "order.line-added"),
	typed.Event[orders.Paid](0x1003, "order.paid"),
	typed.Event[orders.Shipped](0x1004, "order.shipped"),
)

const (
	prefix = "order:"
	scope  = "orders"
)

// Order is the aggregate.
type Order struct{ orders.Order }

// Apply implements typed.Folder.
func (o *Order) Apply(e typed.Envelope) error { return o.Order.Apply(e.Value) }

// Service is the order service.
type Service struct {
	store  *host.Store
	orders *aggregate.Aggregates[Order]
	db     *sql.DB
	region host.Region
	totals *project.SQLProjection
}

// Open opens the service in a directory, which it makes.
func Open(dir string) (*Service, error) {
	store, err := host.Open(context.Background(), dir, host.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	name := "file:" + (&url.URL{Path: filepath.Join(dir, "totals.db")}).EscapedPath() + "?_journal_mode=wal&_synchronous=full&_txlock=immediate"
	db, err := sql.Open("sqlite3", name)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	db.SetMaxOpenConns(1)
	s := &Service{store: store, db: db}
	s.orders = aggregate.Of[Order](store, Types, prefix, aggregate.Scope(scope), aggregate.Tries(orders.Tries))
	kinds, _ := Types.Kinds()
	s.region = host.Region{EntityPrefix: prefix, Kinds: kinds}
	s.totals = project.SQL(db, "totals", s.region, addTotal)
	return s, nil
}

// Close implements orders.Service.
func (s *Service) Close() error { return errors.Join(s.db.Close(), s.store.Close()) }

// Do implements orders.Service.
func (s *Service) Do(ctx context.Context, order, key string, command orders.Command) (r orders.Receipt, err error) {
	var options []host.AppendOption
	if key != "" {
		options = append(options, host.WithKey(host.KeyOf(key)))
	}
	var version uint64
	receipts, err := s.orders.Do(ctx, order, func(o *Order) ([]any, error) { return command(&o.Order) }, options...)
	if err != nil || len(receipts) == 0 {
		return r, refusal(err)
	}
	last := receipts[len(receipts)-1]
	return orders.Receipt{Version: uint64(last.Clock) + 1, Repeated: last.Repeated}, nil
}
