package sqltest

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

type paid struct {
	Cents int64 `msgpack:"cents"`
}

type note struct {
	Text string `msgpack:"text"`
}

var types = typed.Registry(typed.Event[paid](0x1001, "paid"), typed.Event[note](0x1002, "note"))

var payments = host.Region{Kinds: event.AnyOf(0x1001)}

func openStore(t testing.TB) *host.Store {
	st, err := host.Open(t.Context(), "store", host.Options{FS: crashfs.New(), Durability: host.LoseUnsynced})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// pay appends payments of 1, 2, … cents to three accounts, each followed by a note.
func pay(t testing.TB, st *host.Store, from, to int) {
	for i := from; i <= to; i++ {
		at := event.At(fmt.Sprint("account:", i%3), "bank")
		_, err := types.Append(t.Context(), st, at, paid{Cents: int64(i)})
		require.NoError(t, err)
		_, err = types.Append(t.Context(), st, at, note{Text: "thanks"})
		require.NoError(t, err)
	}
}

const (
	createAccounts = "CREATE TABLE IF NOT EXISTS accounts (entity TEXT PRIMARY KEY, cents INTEGER NOT NULL, payments INTEGER NOT NULL)"
	upsertAccount  = "INSERT INTO %s VALUES (?, ?, 1) ON CONFLICT (entity) DO UPDATE SET cents = cents + excluded.cents, payments = payments + 1"
)

// into is a handler that adds payments to a table.
func into(table string) project.Handler {
	query := fmt.Sprintf(upsertAccount, table)
	return func(ctx context.Context, tx *sql.Tx, e typed.Envelope) error {
		p, ok := e.Value.(paid)
		if !ok {
			return nil
		}
		_, err := tx.ExecContext(ctx, query, e.Entity, p.Cents)
		return err
	}
}

type account struct{ cents, payments int64 }

func readAccounts(t testing.TB, db *sql.DB, table string) map[string]account {
	rows, err := db.QueryContext(t.Context(), "SELECT entity, cents, payments FROM "+table)
	require.NoError(t, err)
	defer rows.Close()
	all := map[string]account{}
	for rows.Next() {
		var name string
		var a account
		require.NoError(t, rows.Scan(&name, &a.cents, &a.payments))
		all[name] = a
	}
	require.NoError(t, rows.Err())
	return all
}

// fold is what the read model of the events below a sequence must be.
func fold(t testing.TB, st *host.Store, sequence uint64) map[string]account {
	all := map[string]account{}
	for e, err := range types.Each(st.ReadEach(t.Context(), st.Query(t.Context(), payments, host.Page{}))) {
		require.NoError(t, err)
		if e.Sequence < sequence {
			a := all[e.Entity]
			all[e.Entity] = account{a.cents + e.Value.(paid).Cents, a.payments + 1}
		}
	}
	return all
}

// saved returns the position in thaw_projections, 0 without a row.
func saved(t testing.TB, db *sql.DB, name string) (sequence uint64) {
	err := db.QueryRowContext(t.Context(), "SELECT sequence FROM thaw_projections WHERE name = ?", name).Scan(&sequence)
	if err != sql.ErrNoRows {
		require.NoError(t, err)
	}
	return sequence
}

// fileDSN names a database in a new file. Without the busy timeout a write beside another one
// fails with SQLITE_BUSY.
func fileDSN(t testing.TB) string {
	return "file:" + filepath.Join(t.TempDir(), "db") + "?_pragma=busy_timeout(5000)&_pragma=synchronous(off)&_pragma=journal_mode(wal)"
}

// memoryDB is a database in memory: it lives as long as its only connection.
func memoryDB(t testing.TB) *sql.DB {
	db := openDB(t, ":memory:")
	db.SetMaxOpenConns(1)
	_, err := db.ExecContext(t.Context(), createAccounts)
	require.NoError(t, err)
	return db
}

func fileDB(t testing.TB) *sql.DB {
	db := openDB(t, fileDSN(t))
	_, err := db.ExecContext(t.Context(), createAccounts)
	require.NoError(t, err)
	return db
}

// check compares the read model with a fold over the log up to its position.
func check(t testing.TB, st *host.Store, db *sql.DB, name string) {
	t.Helper()
	require.Equal(t, fold(t, st, saved(t, db, name)), readAccounts(t, db, "accounts"))
}

func TestCatchUp(t *testing.T) {
	for name, db := range map[string]*sql.DB{"memory": memoryDB(t), "file": fileDB(t)} {
		t.Run(name, func(t *testing.T) {
			st := openStore(t)
			for _, batch := range []int{1, 3, 1000} {
				p := project.SQL(db, "accounts", payments, into("accounts"))
				p.Batch = batch
				pay(t, st, 1, 10)
				require.NoError(t, project.CatchUp(t.Context(), st, types, p))
				end, err := st.Position(t.Context())
				require.NoError(t, err)
				s := p.Status()
				require.Equal(t, end, s.Position)
				require.Equal(t, end.Sequence, saved(t, db, "accounts"))
				require.EqualValues(t, 10, s.Events)
				require.Zero(t, s.Behind)
				require.NoError(t, s.Err)
				require.NotEmpty(t, readAccounts(t, db, "accounts"))
				check(t, st, db, "accounts")
			}
		})
	}
}

// TestKilled stops the program at every statement in turn, before and after it took effect.
// The read model is always that of the events before its position, and complete in the end.
func TestKilled(t *testing.T) {
	st := openStore(t)
	pay(t, st, 1, 7)
	for _, park := range []bool{false, true} {
		for _, effect := range []bool{false, true} {
			for k := 0; ; k++ {
				killer := &killer{dsn: fileDSN(t), left: k, effect: effect}
				plain := openDB(t, killer.dsn)
				_, err := plain.ExecContext(t.Context(), createAccounts)
				require.NoError(t, err)
				run := func(db *sql.DB) error {
					p := project.SQL(db, "accounts", payments, into("accounts"))
					p.Batch = 3
					if park {
						p.Park = func(*project.EventError) bool { return false }
					}
					return project.CatchUp(t.Context(), st, types, p)
				}
				db := sql.OpenDB(killer)
				err = run(db)
				require.NoError(t, db.Close())
				if !killer.dead {
					require.NoError(t, err)
					require.Greater(t, k, 15)
					break
				}
				require.Error(t, err)
				if hasTable(t, plain) {
					check(t, st, plain, "accounts")
				}
				require.NoError(t, run(plain))
				check(t, st, plain, "accounts")
				require.Equal(t, fold(t, st, 1000), readAccounts(t, plain, "accounts"))
				require.NoError(t, plain.Close())
			}
		}
	}
}

func hasTable(t testing.TB, db *sql.DB) bool {
	var n int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sqlite_master WHERE name = 'thaw_projections'").Scan(&n))
	return n > 0
}
