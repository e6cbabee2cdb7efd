package sqltest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"
)

var errKilled = errors.New("killed")

// killer is a driver that stops the program at a call: that call fails, and so do all later
// ones, as if the process was gone.
type killer struct {
	dsn string

	mu     sync.Mutex
	left   int  // calls until the one that fails; negative: none fails
	effect bool // the call that fails takes effect first
	dead   bool
	calls  int
}

func (k *killer) Connect(context.Context) (driver.Conn, error) {
	c, err := (&sqlite.Driver{}).Open(k.dsn)
	if err != nil {
		return nil, err
	}
	return &killedConn{Conn: c, k: k}, nil
}

func (k *killer) Driver() driver.Driver { return &sqlite.Driver{} }

func (k *killer) killed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dead
}

// do makes a call. A rollback always happens: the database does that when a process is gone.
func (k *killer) do(call func() error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		return errKilled
	}
	k.calls++
	if k.left != 0 {
		k.left--
		return call()
	}
	k.dead = true
	if k.effect {
		if err := call(); err != nil {
			return err
		}
	}
	return errKilled
}

type killedConn struct {
	driver.Conn
	k *killer
}

func (c *killedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Result, err error) {
	err = c.k.do(func() (err error) {
		r, err = c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
		return err
	})
	return r, err
}

func (c *killedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Rows, err error) {
	err = c.k.do(func() (err error) {
		r, err = c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
		return err
	})
	if err != nil && r != nil {
		_ = r.Close()
		r = nil
	}
	return r, err
}

func (c *killedConn) BeginTx(ctx context.Context, o driver.TxOptions) (tx driver.Tx, err error) {
	err = c.k.do(func() (err error) {
		tx, err = c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
		return err
	})
	if err != nil && tx != nil {
		_ = tx.Rollback()
	}
	if err != nil {
		return nil, err
	}
	return &killedTx{Tx: tx, k: c.k}, nil
}

type killedTx struct {
	driver.Tx
	k *killer
}

func (t *killedTx) Commit() error {
	err := t.k.do(t.Tx.Commit)
	if err != nil {
		_ = t.Tx.Rollback()
	}
	return err
}

// openDB opens a database in a file, or in memory.
func openDB(t testing.TB, dsn string) *sql.DB {
	db, err := sql.Open("sqlite", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func (c *killedConn) PrepareContext(ctx context.Context, query string) (s driver.Stmt, err error) {
	err = c.k.do(func() (err error) {
		s, err = c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
		return err
	})
	if err != nil {
		if s != nil {
			_ = s.Close()
		}
		return nil, err
	}
	return &killedStmt{Stmt: s, k: c.k}, nil
}

type killedStmt struct {
	driver.Stmt
	k *killer
}

func (s *killedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (r driver.Result, err error) {
	err = s.k.do(func() (err error) {
		r, err = s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
		return err
	})
	return r, err
}
