//go:build cgo

package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/thawlog/thaw/host/bench/engine"
)

const (
	columns        = "sequence, id, entity, scope, kind, wall_ms, clock, prev_hash, hash, correlation, causation"
	selectSequence = "SELECT " + columns + " FROM events WHERE sequence = ?"
	selectID       = "SELECT " + columns + ", payload FROM events WHERE id = ?"
	selectEntity   = "SELECT " + columns + " FROM events WHERE entity = ? ORDER BY sequence"
	selectScope    = "SELECT " + columns + " FROM events WHERE scope = ? ORDER BY sequence"
	selectKind     = "SELECT " + columns + " FROM events WHERE kind = ? ORDER BY sequence"
	selectStream   = "SELECT " + columns + ", payload FROM events WHERE entity = ? ORDER BY sequence"
	selectAll      = "SELECT " + columns + ", payload FROM events WHERE sequence >= ? ORDER BY sequence"
)

// Open implements engine.Engine.
func (Engine) Open(dir string) (engine.Reader, error) {
	db, conn, err := connect(dir, "mode=ro", "PRAGMA mmap_size=2147418112; BEGIN; SELECT 1 FROM events LIMIT 1;")
	if err != nil {
		return nil, err
	}
	statements, err := prepare(conn, selectSequence, selectID, selectEntity, selectScope, selectKind, selectStream, selectAll)
	if err != nil {
		return nil, errors.Join(err, conn.Close(), db.Close())
	}
	r := &reader{
		db: db, conn: conn, statements: statements,
		sequence: statements[0], id: statements[1], entity: statements[2], scope: statements[3], kind: statements[4],
		stream: statements[5], all: statements[6],
	}
	row := &r.row
	r.targets = []any{
		&row.sequence, &row.id, &row.entity, &row.scope, &row.kind, &row.wallMS, &row.clock,
		&row.prevHash, &row.hash, &row.correlation, &row.causation, &row.payload,
	}
	return r, nil
}

type reader struct {
	db         *sql.DB
	conn       *sql.Conn
	statements []*sql.Stmt

	sequence, id, entity, scope, kind, stream, all *sql.Stmt

	row     row
	targets []any // the row's fields
}

// row has the types that database/sql passes on without conversion, and with no copy except
// the driver's.
type row struct {
	sequence, kind, wallMS, clock                       any // int64
	entity, scope                                       string
	id, prevHash, hash, correlation, causation, payload sql.RawBytes
}

func (r *row) event() (e engine.Event, err error) {
	e.Entity, e.Scope = r.entity, r.scope
	integer := func(v any) uint64 {
		n, ok := v.(int64)
		if !ok {
			err = fmt.Errorf("sqlite: %v is not an integer", v)
		}
		return uint64(n)
	}
	e.Sequence, e.Kind = integer(r.sequence), uint16(integer(r.kind))
	e.WallMS, e.Clock = integer(r.wallMS), uint32(integer(r.clock))
	copy(e.ID[:], r.id)
	copy(e.PrevHash[:], r.prevHash)
	copy(e.Hash[:], r.hash)
	copy(e.Correlation[:], r.correlation)
	copy(e.Causation[:], r.causation)
	return e, err
}

// query calls f with the row of every hit; f must not keep it.
func (r *reader) query(statement *sql.Stmt, argument any, columns int, f func(engine.Event, *row)) error {
	rows, err := statement.Query(argument)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(r.targets[:columns]...); err != nil {
			return err
		}
		e, err := r.row.event()
		if err != nil {
			return err
		}
		f(e, &r.row)
	}
	return rows.Err()
}

const (
	facts       = 11 // columns
	withPayload = 12
)

// BySequence implements engine.Reader.
func (r *reader) BySequence(sequence uint64) (found engine.Event, err error) {
	n := 0
	err = r.query(r.sequence, int64(sequence), facts, func(e engine.Event, _ *row) { found, n = e, n+1 })
	if n == 0 && err == nil {
		err = fmt.Errorf("sqlite: no event %d", sequence)
	}
	return found, err
}

// ByID implements engine.Reader.
func (r *reader) ByID(id engine.ID) (found engine.Event, err error) {
	n := 0
	err = r.query(r.id, id[:], withPayload, func(e engine.Event, row *row) {
		found, n = e, n+1
		found.Payload = slices.Clone([]byte(row.payload))
	})
	if n == 0 && err == nil {
		err = fmt.Errorf("sqlite: no event %x", id)
	}
	return found, err
}

// Entity implements engine.Reader.
func (r *reader) Entity(name string, f func(engine.Event)) error {
	return r.query(r.entity, name, facts, func(e engine.Event, _ *row) { f(e) })
}

// Scope implements engine.Reader.
func (r *reader) Scope(name string, f func(engine.Event)) error {
	return r.query(r.scope, name, facts, func(e engine.Event, _ *row) { f(e) })
}

// Kind implements engine.Reader.
func (r *reader) Kind(kind uint16, f func(engine.Event)) error {
	return r.query(r.kind, int64(kind), facts, func(e engine.Event, _ *row) { f(e) })
}

// Stream implements engine.Reader.
func (r *reader) Stream(name string, f func(engine.Event)) error {
	return r.query(r.stream, name, withPayload, payloadTo(f))
}

// All implements engine.Reader.
func (r *reader) All(f func(engine.Event)) error {
	return r.query(r.all, int64(0), withPayload, payloadTo(f))
}

func payloadTo(f func(engine.Event)) func(engine.Event, *row) {
	return func(e engine.Event, row *row) {
		e.Payload = row.payload
		f(e)
	}
}

// Close implements engine.Reader.
func (r *reader) Close() error {
	return errors.Join(closeAll(r.statements), r.conn.Close(), r.db.Close())
}
