package project

import (
	"context"
	"database/sql"
	"errors"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Rebuild makes p's read model again beside the one in use. beside is a projection in the same
// database, with another name, whose handler writes to tables of its own; its region may be
// another than p's. Rebuild runs it up to the end of the store; then, in one transaction, it
// handles what p has handled meanwhile, swap puts beside's tables in the place of p's, for
// example by renaming them, and p's row and parked events are replaced by beside's, with its
// Version. beside's row is then gone.
//
// p may be running meanwhile, in this process or another. The switch ends that run with
// [ErrMoved], since its handler may be the old one: at once if it is in this process and has
// the same *sql.DB, otherwise with its next transaction, perhaps only when an event comes.
// When Rebuild has returned, begin a run with the new handler without waiting for that: the
// old run can no longer change anything. The read model does not go back: before the switch,
// beside is at least as far as p.
//
//	err := project.CatchUp(ctx, store, Types, orders) // at the start of the program
//	if errors.Is(err, project.ErrVersion) {
//		beside := project.SQL(db, "orders_2", region, insertInto("orders_2"))
//		beside.Version = orders.Version
//		err = orders.Rebuild(ctx, store, Types, beside, func(ctx context.Context, tx *sql.Tx) error {
//			_, err := tx.ExecContext(ctx, "DROP TABLE orders; ALTER TABLE orders_2 RENAME TO orders")
//			return err
//		})
//	}
//
// p's own Version makes no difference here: the row may be of any. One rebuild at a time: two
// with the same beside end each other, with [ErrMoved]. While programs of two versions run,
// only one of them should rebuild: [VersionError] has both versions.
//
// A rebuild that was interrupted goes on where it was; [SQLProjection.Reset] of beside begins
// it again, which is needed if beside's Version is another than then. The error is [ErrRemoved], before anything is done, if p has handled events that
// are no longer in the store.
func (p *SQLProjection) Rebuild(ctx context.Context, store host.FollowReader, types *typed.Types,
	beside *SQLProjection, swap func(ctx context.Context, tx *sql.Tx) error) error {
	fail := func(err error) error {
		var named *Error
		if err == nil || errors.As(err, &named) {
			return err
		}
		return &Error{Projection: p.name, Err: err}
	}
	if p.name == beside.name || p.db != beside.db {
		return fail(ErrName)
	}
	if err := p.complete(ctx, store); err != nil {
		return fail(err)
	}
	for fence := false; ; fence = true {
		if fence { // store is behind what p has handled, perhaps in another process: stop that
			if err := (table{p}).update(ctx, p.db, fenceRow, p.name); err != nil {
				return fail(err)
			}
			p.tell()
		}
		if err := CatchUp(ctx, store, types, beside); err != nil {
			return err
		}
		switched := false
		err := p.inTx(ctx, func(tx *sql.Tx) (err error) {
			if switched, err = p.replace(ctx, tx, store, types, beside, swap); err == nil && !switched {
				err = errBehind
			}
			return err
		})
		if switched {
			p.tell()
		}
		if switched || !errors.Is(err, errBehind) {
			return fail(err)
		}
	}
}

// errBehind rolls the switch back.
var errBehind = errors.New("project: the rebuilt read model is not as far as the old one")

// complete returns ErrRemoved if the store does not have all events that p has handled.
func (p *SQLProjection) complete(ctx context.Context, store host.FollowReader) error {
	row, err := table{p}.load(ctx)
	if err != nil {
		return err
	}
	if row.region != p.region.String() {
		return &regionError{saved: row.region, region: p.region.String()}
	}
	if _, err := end(ctx, store, row.at); err != nil {
		return err
	}
	all, err := store.Count(ctx, p.region, 0)
	if err != nil {
		return err
	}
	rest, err := store.Count(ctx, p.region, row.at.Sequence)
	if err != nil || all-min(all, rest) >= row.events {
		return err
	}
	// Events that were appended between the two counts are only in the second, so these say too
	// little.
	var n uint64
	for _, err := range store.Query(ctx, p.region, host.Page{To: row.at.Sequence}) {
		if err != nil {
			return err
		}
		n++
	}
	if n < row.events {
		return ErrRemoved
	}
	return nil
}

// replace replaces p's row by beside's. It returns false if beside is not as far; the
// transaction must then be rolled back.
func (p *SQLProjection) replace(ctx context.Context, tx *sql.Tx, store host.FollowReader, types *typed.Types,
	beside *SQLProjection, swap func(ctx context.Context, tx *sql.Tx) error) (bool, error) {
	t := table{p}
	// SQLite lets a transaction write only if nothing was written since it read: so the write
	// comes first.
	if err := t.update(ctx, tx, fenceRow, p.name); err != nil {
		return false, err
	}
	old, err := t.read(ctx, tx)
	if err != nil {
		return false, err
	}
	made, err := table{beside}.read(ctx, tx)
	if err != nil {
		return false, err
	}
	if made.at.Sequence < old.at.Sequence {
		// p cannot move now, as it could before another transaction.
		if err := CatchUp(ctx, store, types, beside.in(tx)); err != nil {
			return false, err
		}
		if made, err = (table{beside}).read(ctx, tx); err != nil || made.at.Sequence < old.at.Sequence {
			return false, err
		}
	}
	if err := swap(ctx, tx); err != nil {
		return false, err
	}
	type statement struct {
		query string
		args  []any
	}
	statements := []statement{
		{deleteRow, []any{p.name}},
		{renameRow, []any{p.name, max(old.generation, made.generation) + 1, beside.name}},
		{deletePark, []any{p.name}},
		{renamePark, []any{p.name, beside.name}},
	}
	if beside.builds {
		statements = append(statements, statement{deleteBuilt, []any{p.name}}, statement{renameBuilt, []any{p.name, beside.name}})
	}
	for _, statement := range statements {
		if err := t.exec(ctx, tx, statement.query, statement.args...); err != nil {
			return false, err
		}
	}
	return true, nil
}

// in returns a projection that runs in a transaction.
func (p *SQLProjection) in(tx *sql.Tx) *SQLProjection {
	q := SQL(p.db, p.name, p.region, p.handle)
	q.Version, q.Batch, q.BatchTime, q.Park, q.Dollar = p.Version, p.Batch, p.BatchTime, p.Park, p.Dollar
	q.within = tx
	return q
}

// Reset makes the projection begin again at the start of the store: in one transaction it
// calls clear, which empties the read model, sets the position and deletes the parked events.
// A run of the projection ends with [ErrMoved]. The region and the version may be others than before.
func (p *SQLProjection) Reset(ctx context.Context, clear func(ctx context.Context, tx *sql.Tx) error) error {
	err := func() error {
		if _, err := (table{p}).load(ctx); err != nil {
			return err
		}
		return p.inTx(ctx, func(tx *sql.Tx) error {
			if err := (table{p}).update(ctx, tx, resetRow, zeroID, p.region.String(), p.Version, zeroID, p.name); err != nil {
				return err
			}
			if err := (table{p}).exec(ctx, tx, deletePark, p.name); err != nil {
				return err
			}
			return clear(ctx, tx)
		})
	}()
	if err != nil {
		return &Error{Projection: p.name, Err: err}
	}
	p.tell()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pos, p.removed = host.Position{}, nil // Wait waits for what was cleared
	return nil
}

// inTx runs f in a transaction, which is rolled back if f fails or panics.
func (p *SQLProjection) inTx(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return &StatementError{Statement: "begin", Err: err}
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return &StatementError{Statement: "commit", Err: err}
	}
	return nil
}
