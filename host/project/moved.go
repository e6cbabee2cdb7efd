package project

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
)

// readModel is what the runs of an SQL projection in this process have in common.
type readModel struct {
	db   *sql.DB
	name string
}

// runs has a channel for each run of this process with an SQL projection. A value says that
// the projection's row has perhaps changed. Without it an idle run would notice only with its
// next transaction.
var runs struct {
	mu sync.Mutex
	of map[readModel][]chan<- struct{}
}

// listen says that a run wants to know when the projection's row has changed.
func (p *SQLProjection) listen(moved chan<- struct{}) {
	runs.mu.Lock()
	defer runs.mu.Unlock()
	if runs.of == nil {
		runs.of = map[readModel][]chan<- struct{}{}
	}
	key := readModel{p.db, p.name}
	runs.of[key] = append(runs.of[key], moved)
}

// unlisten is the end of listen.
func (p *SQLProjection) unlisten(moved chan<- struct{}) {
	runs.mu.Lock()
	defer runs.mu.Unlock()
	key := readModel{p.db, p.name}
	is := func(c chan<- struct{}) bool { return c == moved }
	if runs.of[key] = slices.DeleteFunc(runs.of[key], is); len(runs.of[key]) == 0 {
		delete(runs.of, key)
	}
}

// tell tells the runs of the projection in this process that its row has changed.
func (p *SQLProjection) tell() {
	runs.mu.Lock()
	defer runs.mu.Unlock()
	for _, c := range runs.of[readModel{p.db, p.name}] {
		select {
		case c <- struct{}{}:
		default: // it has not looked since the last time
		}
	}
}

// current returns ErrMoved if the row is not as this run left it.
func (p *SQLProjection) current(ctx context.Context) error {
	q := p.query()
	if p.batch.tx != nil {
		q = p.batch.tx // perhaps the only connection
	}
	row, err := table{p}.read(ctx, q)
	if errors.Is(err, sql.ErrNoRows) || err == nil && row.generation != p.row.generation {
		return ErrMoved
	}
	return err
}
