package project

import (
	"context"
	"database/sql"
	"math"
	"time"
)

// batch is the transactions of the projections of one run into one database.
type batch struct {
	db          *sql.DB
	projections []*SQLProjection

	conn *sql.Conn // of tx
	tx   *sql.Tx   // nil when none is open
	// within says that tx is the caller's: it is open during the whole run, and not ended.
	within bool
	stmts  map[string]*sql.Stmt // of tx
	began  time.Time
	full   bool // a projection has as many events as its batch
}

// begin returns the open transaction, or begins one. It does not end with ctx, since the
// rollback of a context is not over when its transaction's methods return.
func (b *batch) begin(ctx context.Context) (*sql.Tx, error) {
	if b.tx != nil {
		return b.tx, nil
	}
	conn, err := b.db.Conn(ctx)
	if err != nil {
		return nil, &StatementError{Statement: "begin", Err: err}
	}
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		_ = conn.Close() // it goes back to the pool
		return nil, &StatementError{Statement: "begin", Err: err}
	}
	b.conn, b.tx, b.began = conn, tx, time.Now()
	return tx, nil
}

// exec runs a statement of the open transaction that comes with each event, prepared.
func (b *batch) exec(ctx context.Context, query string) error {
	stmt := b.stmts[query]
	if stmt == nil {
		var err error
		if stmt, err = b.tx.PrepareContext(ctx, query); err != nil {
			return failed(ctx, query, err)
		}
		if b.stmts == nil {
			b.stmts = map[string]*sql.Stmt{}
		}
		b.stmts[query] = stmt
	}
	// It waits for nothing, and a context that can end costs some drivers a goroutine.
	_, err := stmt.ExecContext(context.WithoutCancel(ctx))
	return failed(ctx, query, err)
}

// add counts an event of p.
func (b *batch) add(p *SQLProjection) {
	b.full = b.full || p.handled >= uint64(p.most())
}

// longest returns how long after its begin the open transaction is to be committed.
func (b *batch) longest() time.Duration {
	longest := time.Duration(math.MaxInt64)
	for _, p := range b.projections {
		if p.claimed {
			longest = min(longest, p.longest())
		}
	}
	return longest
}

// old reports whether the transaction that is open is to be committed. It is called after each
// event: time.Since reads one clock, and time.Now two.
func (b *batch) old() bool { return b.tx != nil && (b.full || time.Since(b.began) >= b.longest()) }

// commit saves the positions with the events since the last commit, and the positions that
// moved over events of other regions where that is due. all saves all of these.
func (b *batch) commit(ctx context.Context, now time.Time, all bool) error {
	var moved []*SQLProjection
	for _, p := range b.projections {
		switch {
		case p.claimed, p.due(now), all && p.next != p.row.at:
			moved = append(moved, p)
		case p.next != p.row.at:
			p.passed()
		}
	}
	if len(moved) == 0 {
		return nil
	}
	tx, err := b.begin(ctx)
	if err != nil {
		return err
	}
	for _, p := range moved {
		if err := (table{p}).save(ctx, tx); err != nil {
			return &Error{Projection: p.name, Err: err}
		}
	}
	if b.within {
		b.full = false
	} else {
		if err := tx.Commit(); err != nil {
			return &StatementError{Statement: "commit", Err: err}
		}
		b.close()
	}
	for _, p := range moved {
		p.committed(now)
	}
	return nil
}

// rollback ends the transaction that is open when a run ends.
func (b *batch) rollback() {
	if b.tx != nil && !b.within {
		_ = b.tx.Rollback() // after a failed commit there may be none
		b.close()
	}
}

func (b *batch) close() {
	_ = b.conn.Close() // it goes back to the pool
	clear(b.stmts)     // the end of the transaction closes them
	b.conn, b.tx, b.full = nil, nil, false
}
