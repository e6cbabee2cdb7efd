package project

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// The tables of SQL projections, one statement each. A run creates them if they are missing.
//
// A projection has one row in thaw_projections. generation changes with each transaction and
// at the start of each run. store and sequence are its position, region the region as text,
// version that of the projection; events is the number of events handled since the beginning, and last_event and
// last_sequence are those of the last one. A row in thaw_parked is one event that the
// projection passed over.
const (
	CreateProjections = `CREATE TABLE IF NOT EXISTS thaw_projections (
	name VARCHAR(255) NOT NULL PRIMARY KEY, generation BIGINT NOT NULL, store VARCHAR(36) NOT NULL,
	region TEXT NOT NULL, version TEXT NOT NULL, sequence BIGINT NOT NULL, events BIGINT NOT NULL,
	last_event VARCHAR(36) NOT NULL, last_sequence BIGINT NOT NULL)`
	CreateParked = `CREATE TABLE IF NOT EXISTS thaw_parked (
	projection VARCHAR(255) NOT NULL, sequence BIGINT NOT NULL, event VARCHAR(36) NOT NULL,
	kind INTEGER NOT NULL, entity TEXT NOT NULL, error TEXT NOT NULL, PRIMARY KEY (projection, sequence))`
)

const (
	selectRow  = "SELECT generation, store, region, version, sequence, events, last_event, last_sequence FROM thaw_projections WHERE name = ?"
	insertRow  = "INSERT INTO thaw_projections (name, generation, store, region, version, sequence, events, last_event, last_sequence) VALUES (?, ?, ?, ?, ?, 0, 0, ?, 0)"
	claimRow   = "UPDATE thaw_projections SET generation = ? WHERE name = ? AND generation = ? AND sequence = ?"
	saveRow    = "UPDATE thaw_projections SET generation = ?, store = ?, sequence = ?, events = ?, last_event = ?, last_sequence = ? WHERE name = ? AND generation = ? AND sequence = ?"
	fenceRow   = "UPDATE thaw_projections SET generation = generation + 1 WHERE name = ?"
	resetRow   = "UPDATE thaw_projections SET generation = generation + 1, store = ?, region = ?, version = ?, sequence = 0, events = 0, last_event = ?, last_sequence = 0 WHERE name = ?"
	deleteRow  = "DELETE FROM thaw_projections WHERE name = ?"
	renameRow  = "UPDATE thaw_projections SET name = ?, generation = ? WHERE name = ?"
	insertPark = "INSERT INTO thaw_parked (projection, sequence, event, kind, entity, error) VALUES (?, ?, ?, ?, ?, ?)"
	selectPark = "SELECT event FROM thaw_parked WHERE projection = ? ORDER BY sequence"
	countPark  = "SELECT COUNT(*) FROM thaw_parked WHERE projection = ?"
	deletePark = "DELETE FROM thaw_parked WHERE projection = ?"
	// deleteOnePark deletes the row of one event.
	deleteOnePark = "DELETE FROM thaw_parked WHERE projection = ? AND event = ?"
	renamePark    = "UPDATE thaw_parked SET projection = ? WHERE projection = ?"
)

// row is a projection's row in thaw_projections.
type row struct {
	generation int64
	at         host.Position
	region     string
	version    string
	events     uint64
	last       lastEvent
}

// querier is a *sql.DB or a *sql.Tx.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// table is the statements of a projection.
type table struct{ p *SQLProjection }

// bind returns a statement with the database's placeholders.
func (t table) bind(query string) string {
	if !t.p.Dollar {
		return query
	}
	var out strings.Builder
	for n := 1; ; n++ {
		before, after, ok := strings.Cut(query, "?")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		out.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}

func (t table) exec(ctx context.Context, q querier, query string, args ...any) error {
	_, err := q.ExecContext(ctx, t.bind(query), args...)
	return failed(ctx, query, err)
}

// update runs a statement that changes one row, and returns ErrMoved if it changed none.
func (t table) update(ctx context.Context, q querier, query string, args ...any) error {
	result, err := q.ExecContext(ctx, t.bind(query), args...)
	if err != nil {
		return failed(ctx, query, err)
	}
	if n, err := result.RowsAffected(); err != nil {
		return failed(ctx, query, err)
	} else if n != 1 {
		return ErrMoved
	}
	return nil
}

func failed(ctx context.Context, query string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &StatementError{Statement: query, Err: err}
}

// load returns the projection's row, and makes it and the tables if they are missing.
func (t table) load(ctx context.Context) (row, error) {
	q := t.p.query()
	r, err := t.read(ctx, q)
	if err == nil {
		return r, nil
	}
	if !errors.Is(err, sql.ErrNoRows) { // perhaps there is no table
		// The table that was looked for comes last: if there is one, there are both.
		for _, create := range []string{CreateParked, CreateProjections} {
			if err := t.exec(ctx, q, create); err != nil {
				return row{}, err
			}
		}
		if r, err = t.read(ctx, q); !errors.Is(err, sql.ErrNoRows) {
			return r, err
		}
	}
	// A random generation is none of an earlier row of the name.
	inserted := t.exec(ctx, q, insertRow, t.p.name, rand.Int64N(1<<48), zeroID, t.p.region.String(), t.p.Version, zeroID)
	r, err = t.read(ctx, q) // perhaps another run inserted it
	if err != nil && inserted != nil {
		return row{}, inserted
	}
	return r, err
}

func (t table) read(ctx context.Context, q querier) (r row, err error) {
	var store, last string
	var sequence, events, lastSequence int64
	err = q.QueryRowContext(ctx, t.bind(selectRow), t.p.name).Scan(
		&r.generation, &store, &r.region, &r.version, &sequence, &events, &last, &lastSequence)
	if err != nil {
		return row{}, failed(ctx, selectRow, err)
	}
	if r.at.Store, err = event.ParseID(store); err == nil {
		r.last.id, err = event.ParseID(last)
	}
	if err != nil || sequence < 0 || events < 0 || lastSequence < 0 {
		return row{}, &StatementError{Statement: selectRow, Err: fmt.Errorf("%w: %q", errRow, t.p.name)}
	}
	r.at.Sequence, r.events, r.last.sequence = uint64(sequence), uint64(events), uint64(lastSequence)
	return r, nil
}

var zeroID = event.ID{}.String()

var errRow = errors.New("the row is not one that a projection writes")

// claim gives the row its next generation. In a transaction it keeps other runs away until
// the end.
func (t table) claim(ctx context.Context, q querier, r *row) error {
	err := t.update(ctx, q, claimRow, r.generation+1, t.p.name, r.generation, int64(r.at.Sequence))
	if err == nil {
		r.generation++
	}
	return err
}

// save moves the row to where the projection is.
func (t table) save(ctx context.Context, q querier) error {
	p := t.p
	next := p.row
	next.generation++
	next.events += p.handled
	next.at, next.last = p.next, p.last
	err := t.update(ctx, q, saveRow, next.generation, next.at.Store.String(), int64(next.at.Sequence), int64(next.events),
		next.last.id.String(), int64(next.last.sequence), p.name, p.row.generation, int64(p.row.at.Sequence))
	if err == nil {
		p.row = next
	}
	return err
}

func (t table) park(ctx context.Context, q querier, e *EventError) error {
	return t.exec(ctx, q, insertPark, e.Projection, int64(e.Sequence), e.ID.String(), int64(e.Kind), storable(e.Entity), storable(e.Err.Error()))
}

// mostText is the longest text that is stored, in bytes.
const mostText = 8 << 10

// storable returns a text that every database takes: PostgreSQL refuses zero bytes and invalid
// UTF-8, MySQL texts of 64 KiB. The event's id tells it from others.
func storable(text string) string {
	text = text[:min(len(text), mostText)]
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}

func (t table) countParked(ctx context.Context) (uint64, error) {
	var n int64
	err := t.p.query().QueryRowContext(ctx, t.bind(countPark), t.p.name).Scan(&n)
	return uint64(n), failed(ctx, countPark, err)
}

// listParked returns the parked events in order.
func (t table) listParked(ctx context.Context) (ids []event.ID, err error) {
	if _, err := t.load(ctx); err != nil { // makes the tables
		return nil, err
	}
	rows, err := t.p.db.QueryContext(ctx, t.bind(selectPark), t.p.name)
	if err != nil {
		return nil, failed(ctx, selectPark, err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, failed(ctx, selectPark, err)
		}
		id, err := event.ParseID(text)
		if err != nil {
			return nil, failed(ctx, selectPark, err)
		}
		ids = append(ids, id)
	}
	return ids, failed(ctx, selectPark, rows.Err())
}
