package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"

	_ "github.com/mattn/go-sqlite3" // the driver

	"github.com/thawlog/thaw/host/bench/orders"
)

const schema = `
PRAGMA wal_autocheckpoint=16384;
CREATE TABLE IF NOT EXISTS events (
	sequence INTEGER PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL,
	kind INTEGER NOT NULL, payload BLOB NOT NULL, UNIQUE (name, version));
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (customer TEXT PRIMARY KEY, orders INTEGER NOT NULL, cents INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL);
INSERT OR IGNORE INTO position VALUES (1, 0);
`

const (
	insertEvent = "INSERT INTO events (name, version, kind, payload) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
	insertKey   = "INSERT INTO keys VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
	addTotal    = "INSERT INTO totals VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET orders = orders + ?2, cents = cents + ?3"
	selectKey   = "SELECT name, version FROM keys WHERE key = ?"
	selectOrder = "SELECT kind, payload FROM events WHERE name = ? ORDER BY version"
	selectNext  = "SELECT sequence, name, kind, payload FROM events WHERE sequence >= ? ORDER BY sequence LIMIT ?"
)

// batchSize bounds the events of a transaction of the projection and of a follower's read.
const batchSize = 1000

// Service is the order service.
type Service struct {
	writer, reader                     *sql.DB
	insertEvent, insertKey, addTotal   *sql.Stmt                     // of the writer
	selectKey, selectOrder, selectNext *sql.Stmt                     // of the reader
	news                               atomic.Pointer[chan struct{}] // closed by the next append
}

// Open opens the service in a directory, which it makes.
func Open(dir string) (s *Service, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	name := "file:" + (&url.URL{Path: filepath.Join(dir, "orders.db")}).EscapedPath() +
		"?_mutex=no&_cache_size=-65536&_journal_mode=wal&_synchronous=full&_busy_timeout=10000&_txlock=immediate"
	s = &Service{}
	s.news.Store(new(make(chan struct{})))
	if s.writer, err = sql.Open("sqlite3", name); err != nil {
		return nil, err
	}
	s.writer.SetMaxOpenConns(1)
	if s.reader, err = sql.Open("sqlite3", name+"&mode=ro"); err != nil {
		return nil, errors.Join(err, s.writer.Close())
	}
	s.reader.SetMaxIdleConns(16)
	_, err = s.writer.Exec(schema)
	prepare := func(db *sql.DB, query string) (statement *sql.Stmt) {
		if err == nil {
			statement, err = db.Prepare(query)
		}
		return statement
	}
	s.insertEvent, s.insertKey, s.addTotal = prepare(s.writer, insertEvent), prepare(s.writer, insertKey), prepare(s.writer, addTotal)
	s.selectKey, s.selectOrder, s.selectNext = prepare(s.reader, selectKey), prepare(s.reader, selectOrder), prepare(s.reader, selectNext)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close implements orders.Service.
func (s *Service) Close() error { return errors.Join(s.reader.Close(), s.writer.Close()) }

// Do implements orders.Service.
func (s *Service) Do(ctx context.Context, order, key string, command orders.Command) (r orders.Receipt, err error) {
	for range orders.Tries {
		if r, err = s.try(ctx, order, key, command); !errors.Is(err, orders.ErrConflict) {
			break
		}
	}
	return r, err
}

func (s *Service) try(ctx context.Context, order, key string, command orders.Command) (r orders.Receipt, err error) {
	if key != "" {
		var first string
		switch err := s.selectKey.QueryRowContext(ctx, key).Scan(&first, &r.Version); {
		case err == nil && first != order:
			return r, orders.ErrKey
		case err == nil:
			r.Repeated = true
			return r, nil
		case !errors.Is(err, sql.ErrNoRows):
			return r, err
		}
	}
	o, version, err := s.Load(ctx, order)
	if err != nil {
		return r, err
	}
	decided, err := command(&o)
	if err != nil || len(decided) == 0 && key == "" {
		return orders.Receipt{Version: version}, err
	}
	return orders.Receipt{Version: version + uint64(len(decided))}, s.append(ctx, order, version, key, decided)
}

// Append implements orders.Service.
func (s *Service) Append(ctx context.Context, order string, version uint64, events ...any) error {
	return s.append(ctx, order, version, "", events)
}

func (s *Service) append(ctx context.Context, order string, version uint64, key string, events []any) error {
	err := s.transaction(ctx, func(tx *sql.Tx) error {
		for i, value := range events {
			kind, payload, err := encode(value)
			if err == nil {
				err = insertOne(ctx, tx, s.insertEvent, order, version+uint64(i), kind, payload)
			}
			if err != nil {
				return err
			}
		}
		if key == "" {
			return nil
		}
		return insertOne(ctx, tx, s.insertKey, key, order, version+uint64(len(events)))
	})
	if err == nil {
		close(*s.news.Swap(new(make(chan struct{}))))
	}
	return err
}

// insertOne inserts a row; if there is one with its key, the order has changed.
func insertOne(ctx context.Context, tx *sql.Tx, insert *sql.Stmt, values ...any) error {
	result, err := tx.StmtContext(ctx, insert).ExecContext(ctx, values...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); n == 1 || err != nil {
		return err
	}
	return orders.ErrConflict
}

func (s *Service) transaction(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// Load implements orders.Service.
func (s *Service) Load(ctx context.Context, order string) (o orders.Order, version uint64, err error) {
	rows, err := s.selectOrder.QueryContext(ctx, order)
	if err != nil {
		return o, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var kind int
		var payload sql.RawBytes
		if err := rows.Scan(&kind, &payload); err != nil {
			return o, 0, err
		}
		value, err := decode(kind, payload)
		if err == nil {
			err = o.Apply(value)
		}
		if err != nil {
			return o, 0, err
		}
		version++
	}
	return o, version, rows.Err()
}

// Project implements orders.Service.
func (s *Service) Project(ctx context.Context) error {
	for n := batchSize; n == batchSize; {
		err := s.transaction(ctx, func(tx *sql.Tx) error {
			var next uint64
			if err := tx.QueryRowContext(ctx, "SELECT next FROM position").Scan(&next); err != nil {
				return err
			}
			batch, err := s.read(ctx, next)
			if n = len(batch); n == 0 || err != nil {
				return err
			}
			add := tx.StmtContext(ctx, s.addTotal)
			for _, e := range batch {
				if customer, t := orders.TotalOf(e.Value); customer != "" {
					if _, err := add.ExecContext(ctx, customer, t.Orders, t.Cents); err != nil {
						return err
					}
				}
			}
			_, err = tx.ExecContext(ctx, "UPDATE position SET next = ?", batch[n-1].Sequence+1)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Total implements orders.Service.
func (s *Service) Total(ctx context.Context, customer string) (t orders.Total, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT orders, cents FROM totals WHERE customer = ?", customer).Scan(&t.Orders, &t.Cents)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return t, err
}

// Follow implements orders.Service.
func (s *Service) Follow(ctx context.Context, from uint64) iter.Seq2[orders.Event, error] {
	return func(yield func(orders.Event, error) bool) {
		for {
			news := *s.news.Load() // before reading, so that no append is missed
			batch, err := s.read(ctx, from)
			if err != nil {
				yield(orders.Event{}, err)
				return
			}
			for _, e := range batch {
				if !yield(e, nil) {
					return
				}
				from = e.Sequence + 1
			}
			if len(batch) == 0 {
				select {
				case <-news:
				case <-ctx.Done():
				}
			}
		}
	}
}

// read returns the next events, at most batchSize.
func (s *Service) read(ctx context.Context, from uint64) (batch []orders.Event, err error) {
	rows, err := s.selectNext.QueryContext(ctx, from, batchSize)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e orders.Event
		var kind int
		var payload sql.RawBytes
		if err := rows.Scan(&e.Sequence, &e.Order, &kind, &payload); err != nil {
			return nil, err
		}
		if e.Value, err = decode(kind, payload); err != nil {
			return nil, err
		}
		batch = append(batch, e)
	}
	return batch, rows.Err()
}
