package project

import (
	"context"
	"database/sql"
	"time"
)

// batch is the transactions of the projections of one run into one database.
type batch struct {
	db          *sql.DB
	projections []*SQLProjection

	tx    *sql.Tx // nil when none is open
	began time.Time
	full  bool // a projection has as many events as its batch
}

// begin returns the open transaction, or begins one.
func (b *batch) begin(ctx context.Context) (*sql.Tx, error) {
	if b.tx == nil {
		tx, err := b.db.BeginTx(ctx, nil)
		if err != nil {
			return nil, &StatementError{Statement: "begin", Err: err}
		}
		b.tx, b.began = tx, time.Now()
	}
	return b.tx, nil
}

// add counts an event of p.
func (b *batch) add(p *SQLProjection) {
	b.full = b.full || p.handled >= uint64(p.most())
}

// old reports whether the open transaction is to be committed.
func (b *batch) old(now time.Time) bool {
	if b.tx == nil {
		return false
	}
	took := now.Sub(b.began)
	for _, p := range b.projections {
		if p.claimed && took >= p.longest() {
			return true
		}
	}
	return false
}

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
	if err := tx.Commit(); err != nil {
		return &StatementError{Statement: "commit", Err: err}
	}
	b.tx, b.full = nil, false
	for _, p := range moved {
		p.committed(now)
	}
	return nil
}

// rollback ends the transaction that is open when a run ends.
func (b *batch) rollback() {
	if b.tx != nil {
		_ = b.tx.Rollback() // its context may have done so
		b.tx, b.full = nil, false
	}
}
