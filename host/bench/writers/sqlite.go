package writers

import (
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"sync"

	_ "modernc.org/sqlite"
)

var sqliteEngine = Engine{
	Name: "sqlite",
	How:  "modernc.org/sqlite, WAL, synchronous FULL for durable writes, otherwise OFF; single events one transaction each",
	Open: func(dir string, synced bool) (Writer, error) {
		level := "off"
		if synced {
			level = "full"
		}
		path := (&url.URL{Path: filepath.Join(dir, "events.sqlite")}).EscapedPath()
		db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=synchronous("+level+")")
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(1)
		_, err = db.Exec(`CREATE TABLE events (n INTEGER PRIMARY KEY, id BLOB, entity TEXT, scope TEXT, kind INTEGER, payload BLOB);
			CREATE UNIQUE INDEX by_id ON events (id); CREATE INDEX by_entity ON events (entity, n);
			CREATE INDEX by_scope ON events (scope, n); CREATE INDEX by_kind ON events (kind, n)`)
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		insert, err := db.Prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)")
		return &sqliteWriter{db: db, insert: insert}, err
	},
}

type sqliteWriter struct {
	mu     sync.Mutex // a second writer would be told to try again
	db     *sql.DB
	insert *sql.Stmt
}

func exec(insert *sql.Stmt, e *Event) error {
	_, err := insert.Exec(int64(e.Number), e.ID[:], e.Entity, e.Scope, int64(e.Kind), e.Payload)
	return err
}

func (w *sqliteWriter) Batch(events []Event) error {
	tx, err := w.db.Begin()
	if err != nil {
		return err
	}
	insert := tx.Stmt(w.insert)
	for i := range events {
		if err := exec(insert, &events[i]); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

func (w *sqliteWriter) One(e *Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return exec(w.insert, e)
}

func (w *sqliteWriter) Close() error { return errors.Join(w.insert.Close(), w.db.Close()) }
