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

// The entity of an order is Prefix and its id.
const (
	Prefix = "order:"
	Scope  = "orders"
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
	s.orders = aggregate.Of[Order](store, Types, Prefix, aggregate.Scope(Scope), aggregate.Tries(orders.Tries))
	kinds, _ := Types.Kinds()
	s.region = host.Region{EntityPrefix: Prefix, Kinds: kinds}
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
	receipts, err := s.orders.Do(ctx, order, func(o *Order) ([]any, error) { return command(&o.Order) }, options...)
	if err != nil || len(receipts) == 0 {
		return r, refusal(err)
	}
	last := receipts[len(receipts)-1]
	return orders.Receipt{Version: uint64(last.Clock) + 1, Repeated: last.Repeated}, nil
}

// Append implements orders.Service.
func (s *Service) Append(ctx context.Context, order string, version uint64, events ...any) error {
	expected := host.NoEvents
	if version > 0 {
		expected = host.AtClock(uint32(version - 1))
	}
	var items []host.Item
	for _, value := range events {
		item, err := Types.Item(event.At(Prefix+order, Scope), value)
		if err != nil {
			return err
		}
		items = append(items, item)
	}
	items[0].Options = []host.AppendOption{host.Expect(expected)}
	_, err := s.store.AppendBatch(ctx, items)
	return refusal(err)
}

// refusal returns the service's own errors for those of the store.
func refusal(err error) error {
	switch {
	case errors.Is(err, host.ErrConflict):
		return orders.ErrConflict
	case errors.Is(err, host.ErrKey):
		return orders.ErrKey
	}
	return err
}

// Load implements orders.Service.
func (s *Service) Load(ctx context.Context, order string) (o orders.Order, version uint64, err error) {
	l, err := s.orders.Load(ctx, order)
	if err != nil || !l.Version.Some {
		return o, 0, err
	}
	return l.State.Order, uint64(l.Version.Clock) + 1, nil
}

// Project implements orders.Service.
func (s *Service) Project(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, createTotals); err != nil {
		return err
	}
	return project.CatchUp(ctx, s.store, Types, s.totals)
}

const (
	createTotals = "CREATE TABLE IF NOT EXISTS totals (customer TEXT PRIMARY KEY, orders INTEGER NOT NULL, cents INTEGER NOT NULL) WITHOUT ROWID"
	upsertTotal  = "INSERT INTO totals VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET orders = orders + ?2, cents = cents + ?3"
	selectTotal  = "SELECT orders, cents FROM totals WHERE customer = ?"
)

func addTotal(ctx context.Context, tx *sql.Tx, e typed.Envelope) (err error) {
	if customer, t := orders.TotalOf(e.Value); customer != "" {
		_, err = tx.ExecContext(ctx, upsertTotal, customer, t.Orders, t.Cents)
	}
	return err
}

// Total implements orders.Service.
func (s *Service) Total(ctx context.Context, customer string) (t orders.Total, err error) {
	err = s.db.QueryRowContext(ctx, selectTotal, customer).Scan(&t.Orders, &t.Cents)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return t, err
}

// Follow implements orders.Service.
func (s *Service) Follow(ctx context.Context, from uint64) iter.Seq2[orders.Event, error] {
	return func(yield func(orders.Event, error) bool) {
		at, err := s.store.Position(ctx)
		if err != nil {
			yield(orders.Event{}, err)
			return
		}
		at.Sequence = from
		for e, err := range Types.Each(s.store.Follow(s.region, at, host.FollowOptions{}).Events(ctx)) {
			if !yield(orders.Event{Sequence: e.Sequence, Order: strings.TrimPrefix(e.Entity, Prefix), Value: e.Value}, err) {
				return
			}
		}
	}
}
