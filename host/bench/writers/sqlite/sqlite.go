// Package sqlite writes into an SQLite file (modernc.org/sqlite, no cgo): one table of events by number, one of names, and
// an index each for id, entity, scope and kind, which hold the number too.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite"

	"github.com/thawlog/thaw/host/bench/writers"
)

// Engine is SQLite.
var Engine = writers.Engine{
	Name: "sqlite",
	What: "WAL, synchronous=FULL, one connection, prepared statements; concurrent singles wait in a queue and share a transaction; " +
		"unsynced is synchronous=NORMAL, one transaction each",
	Open:  open,
	Count: count,
}

const schema = `
CREATE TABLE names (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE events (seq INTEGER PRIMARY KEY, id BLOB NOT NULL, cause BLOB, time INTEGER NOT NULL, kind INTEGER NOT NULL,
	entity INTEGER NOT NULL, scope INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE INDEX events_by_entity ON events (entity);
CREATE INDEX events_by_scope ON events (scope);
CREATE INDEX events_by_kind ON events (kind);
`

type store struct {
	db          *sql.DB
	name, event *sql.Stmt
	numbers     map[string]int64 // of names that are in the file, or in the transaction under way
	queue       chan *waiting
	done        chan struct{}
}

type waiting struct {
	event *writers.Event
	err   chan error
}

func open(dir string, synced bool) (writers.Writer, error) {
	synchronous := "normal"
	if synced {
		synchronous = "full"
	}
	db, err := sql.Open("sqlite", dsn(dir, "rwc")+"&_pragma=journal_mode(wal)&_pragma=synchronous("+synchronous+")&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // there is one writer at a time in any case
	s := &store{db: db, numbers: map[string]int64{}, queue: make(chan *waiting, 1024), done: make(chan struct{})}
	if _, err = db.Exec(schema); err == nil {
		s.name, err = db.Prepare("INSERT INTO names VALUES (?, ?)")
	}
	if err == nil {
		s.event, err = db.Prepare("INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)")
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	go s.serve()
	return s, nil
}

func dsn(dir, mode string) string {
	return "file:" + (&url.URL{Path: filepath.Join(dir, "events.db")}).EscapedPath() + "?mode=" + mode
}

// Batch implements writers.Writer.
func (s *store) Batch(ctx context.Context, events []writers.Event) error {
	return s.transaction(ctx, func(tx *sql.Tx) error {
		event := tx.StmtContext(ctx, s.event)
		for i := range events {
			if err := s.put(ctx, tx, event, &events[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// One implements writers.Writer.
func (s *store) One(_ context.Context, e *writers.Event) error {
	w := &waiting{e, make(chan error, 1)}
	s.queue <- w
	return <-w.err
}

// serve writes everything that waits in one transaction, again and again.
func (s *store) serve() {
	defer close(s.done)
	ctx := context.Background()
	var group []*waiting
	for first := range s.queue {
		group = append(group[:0], first)
		for more := true; more; {
			select {
			case w, ok := <-s.queue:
				if more = ok; ok {
					group = append(group, w)
				}
			default:
				more = false
			}
		}
		err := s.transaction(ctx, func(tx *sql.Tx) error {
			event := tx.StmtContext(ctx, s.event)
			for _, w := range group {
				if err := s.put(ctx, tx, event, w.event); err != nil {
					return err
				}
			}
			return nil
		})
		for _, w := range group {
			w.err <- err
		}
	}
}

// transaction runs f in one. A failure ends the benchmark, so numbers need not be taken back.
func (s *store) transaction(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (s *store) put(ctx context.Context, tx *sql.Tx, event *sql.Stmt, e *writers.Event) error {
	entity, err := s.number(ctx, tx, e.Entity)
	if err != nil {
		return err
	}
	scope, err := s.number(ctx, tx, e.Scope)
	if err != nil {
		return err
	}
	var cause any
	if e.Cause != [16]byte{} {
		cause = e.Cause[:]
	}
	_, err = event.ExecContext(ctx, e.ID[:], cause, time.Now().UnixMicro(), int64(e.Kind), entity, scope, e.Payload)
	return err
}

func (s *store) number(ctx context.Context, tx *sql.Tx, name string) (int64, error) {
	if n, ok := s.numbers[name]; ok {
		return n, nil
	}
	n := int64(len(s.numbers) + 1)
	if _, err := tx.StmtContext(ctx, s.name).ExecContext(ctx, n, name); err != nil {
		return 0, err
	}
	s.numbers[name] = n
	return n, nil
}

// Close implements writers.Writer.
func (s *store) Close() error {
	close(s.queue)
	<-s.done
	return errors.Join(s.name.Close(), s.event.Close(), s.db.Close())
}

func count(dir string) (n int, err error) {
	db, err := sql.Open("sqlite", dsn(dir, "ro"))
	if err != nil {
		return 0, err
	}
	err = db.QueryRow("SELECT count(*) FROM events NOT INDEXED").Scan(&n)
	for _, index := range []string{"id", "entity", "scope", "kind"} {
		var k int
		err = errors.Join(err, db.QueryRow("SELECT count(*) FROM events INDEXED BY events_by_"+index).Scan(&k))
		if k != n {
			err = errors.Join(err, fmt.Errorf("sqlite: %d events, %d in the index by %s", n, k, index))
		}
	}
	return n, errors.Join(err, db.Close())
}
