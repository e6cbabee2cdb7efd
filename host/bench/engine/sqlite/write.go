//go:build cgo

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/mattn/go-sqlite3"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/engine/gather"
)

// Available reports whether the program was built with cgo.
const Available = true

func library() string {
	version, _, _ := sqlite3.Version()
	return " (SQLite " + version + ")"
}

const schema = `
CREATE TABLE events (
	sequence INTEGER PRIMARY KEY,
	id BLOB NOT NULL,
	entity TEXT NOT NULL,
	scope TEXT NOT NULL,
	kind INTEGER NOT NULL,
	wall_ms INTEGER NOT NULL,
	clock INTEGER NOT NULL,
	prev_hash BLOB NOT NULL,
	hash BLOB NOT NULL,
	correlation BLOB,
	causation BLOB,
	payload BLOB NOT NULL
);
CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE INDEX events_by_entity ON events (entity);
CREATE INDEX events_by_scope ON events (scope);
CREATE INDEX events_by_kind ON events (kind);
`

const insertEvent = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

// connect opens the one connection to the file in dir and runs the pragmas on it.
func connect(dir, parameters, pragmas string) (*sql.DB, *sql.Conn, error) {
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: filepath.Join(dir, "events.db")}).EscapedPath()+
		"?_mutex=no&_cache_size=-65536&"+parameters)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(context.Background())
	if err == nil {
		if _, err = conn.ExecContext(context.Background(), pragmas); err == nil {
			return db, conn, nil
		}
		err = errors.Join(err, conn.Close())
	}
	return nil, nil, errors.Join(err, db.Close())
}

// prepare prepares statements on a connection.
func prepare(conn *sql.Conn, texts ...string) (statements []*sql.Stmt, err error) {
	for _, text := range texts {
		s, err := conn.PrepareContext(context.Background(), text)
		if err != nil {
			return statements, errors.Join(err, closeAll(statements))
		}
		statements = append(statements, s)
	}
	return statements, nil
}

func closeAll(statements []*sql.Stmt) (err error) {
	for _, s := range statements {
		err = errors.Join(err, s.Close())
	}
	return err
}

// Create implements engine.Engine.
func (Engine) Create(dir string) (engine.Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	db, conn, err := connect(dir, "mode=rwc&_journal_mode=wal&_synchronous=full", "PRAGMA wal_autocheckpoint=16384;"+schema)
	if err != nil {
		return nil, err
	}
	statements, err := prepare(conn, "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", insertEvent)
	if err != nil {
		return nil, errors.Join(err, conn.Close(), db.Close())
	}
	w := &writer{
		db: db, conn: conn, statements: statements,
		begin: statements[0], commit: statements[1], rollback: statements[2], event: statements[3],
	}
	w.queue = gather.New(w.appendAll)
	return w, nil
}

type writer struct {
	db         *sql.DB
	conn       *sql.Conn
	statements []*sql.Stmt

	mu                             sync.Mutex // held during a transaction
	begin, commit, rollback, event *sql.Stmt
	next                           uint64 // sequence of the next event

	queue *gather.Queue
}

// AppendBatch implements engine.Writer.
func (w *writer) AppendBatch(events []engine.Event) error {
	return w.transaction(func() error {
		for i := range events {
			if err := w.put(&events[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Append implements engine.Writer.
func (w *writer) Append(e *engine.Event) error { return w.queue.Append(e) }

// appendAll writes single appends that arrived together, and assigns their sequences.
func (w *writer) appendAll(events []*engine.Event) error {
	return w.transaction(func() error {
		for _, e := range events {
			e.Sequence = w.next
			if err := w.put(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// transaction runs f in a transaction and, if f returns nil, commits it with a sync.
func (w *writer) transaction(f func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := w.next
	_, err := w.begin.Exec()
	if err != nil {
		return err
	}
	if err = f(); err == nil {
		_, err = w.commit.Exec()
	}
	if err != nil {
		w.next = next
		_, undone := w.rollback.Exec()
		return errors.Join(err, undone)
	}
	return nil
}

// put inserts the event's row.
func (w *writer) put(e *engine.Event) error {
	_, err := w.event.Exec(int64(e.Sequence), e.ID[:], e.Entity, e.Scope, int64(e.Kind), int64(e.WallMS), int64(e.Clock),
		e.PrevHash[:], e.Hash[:], optional(&e.Correlation), optional(&e.Causation), e.Payload)
	if err != nil {
		return err
	}
	w.next = e.Sequence + 1
	return nil
}

// optional returns null for the zero id.
func optional(id *engine.ID) any {
	if *id == (engine.ID{}) {
		return nil
	}
	return id[:]
}

// Close implements engine.Writer.
func (w *writer) Close() error {
	w.queue.Close()
	return errors.Join(closeAll(w.statements), w.conn.Close(), w.db.Close())
}
