// Package sqlite keeps the prepared store's events in an SQLite file (modernc.org/sqlite, no cgo) with an index for each
// question. Pages are read with pread: memory mapping is off, as it is by default.
package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	"github.com/vmihailenco/msgpack/v5"
	_ "modernc.org/sqlite"

	"github.com/thawlog/thaw/host/bench/source"
	"github.com/thawlog/thaw/host/bench/workload"
)

const schema = `
CREATE TABLE names (entity INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE events (seq INTEGER PRIMARY KEY, id BLOB NOT NULL, entity INTEGER NOT NULL, record BLOB NOT NULL, payload BLOB NOT NULL);
`

// Built once the rows are there, which is faster and packs them better.
const indexes = `
CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE INDEX events_by_entity ON events (entity, seq);
`

// Write fills a new file at path with src's events and checks each against the workload.
func Write(path string, src *source.Store) error {
	db, err := sql.Open("sqlite", dsn(path, "rwc", "_pragma=journal_mode(off)", "_pragma=synchronous(off)"))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	return errors.Join(write(db, src), db.Close())
}

func write(db *sql.DB, src *source.Store) error {
	if _, err := db.Exec(schema); err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	name, err := tx.Prepare("INSERT INTO names VALUES (?, ?)")
	if err != nil {
		return err
	}
	for i, s := range src.Strings() {
		if _, err := name.Exec(i, s); err != nil {
			return err
		}
	}
	event, err := tx.Prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	for r, err := range src.Events() {
		if err != nil {
			return err
		}
		payload := workload.AppendPayload(nil, r.Sequence())
		if err := src.Check(r, payload); err != nil {
			return err
		}
		id := r.ID()
		if _, err := event.Exec(int64(r.Sequence()), id[:], int64(r.EntityIndex()), r[:], payload); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(indexes); err != nil {
		return err
	}
	return tx.Commit()
}

func dsn(path, mode string, parameters ...string) string {
	s := "file:" + (&url.URL{Path: path}).EscapedPath() + "?mode=" + mode
	for _, p := range parameters {
		s += "&" + p
	}
	return s
}

// DB is an open file.
type DB struct{ sql *sql.DB }

// Open opens the file at path and reads its schema, which SQLite would otherwise put off until the first query.
func Open(path string, writable bool) (*DB, error) {
	mode := "ro"
	if writable {
		mode = "rw"
	}
	db, err := sql.Open("sqlite", dsn(path, mode))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	var tables int
	if err := db.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &DB{db}, nil
}

// Close closes the file.
func (d *DB) Close() error { return d.sql.Close() }

// Len counts the events.
func (d *DB) Len() (n uint64, err error) {
	err = d.sql.QueryRow("SELECT count(*) FROM events").Scan(&n)
	return n, err
}

// Get returns the record and the decoded payload of the event with this id, spelled as in the record.
func (d *DB) Get(id [16]byte) (r source.Record, payload map[string]any, err error) {
	var record, body sql.RawBytes
	rows, err := d.sql.Query("SELECT record, payload FROM events WHERE id = ?", id[:])
	if err != nil {
		return r, nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		return r, nil, errors.Join(fmt.Errorf("sqlite: no event %x", id), rows.Err())
	}
	if err := rows.Scan(&record, &body); err != nil {
		return r, nil, err
	}
	if len(record) != source.RecordSize {
		return r, nil, fmt.Errorf("sqlite: event %x has %d bytes", id, len(record))
	}
	err = msgpack.Unmarshal(body, &payload)
	return source.Record(record), payload, err
}

// Entity returns the records of one entity's events in sequence order.
func (d *DB) Entity(name string) (records []source.Record, err error) {
	rows, err := d.sql.Query(`SELECT record FROM events
		WHERE entity = (SELECT entity FROM names WHERE name = ?) ORDER BY seq`, name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var record sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&record); err != nil {
			return nil, err
		}
		if len(record) != source.RecordSize {
			return nil, fmt.Errorf("sqlite: a record has %d bytes", len(record))
		}
		records = append(records, source.Record(record))
	}
	return records, rows.Err()
}
