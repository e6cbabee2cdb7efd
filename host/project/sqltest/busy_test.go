package sqltest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host/project"
)

// TestRebuildBesideRun rebuilds a read model in an SQLite file again and again, through
// connections of its own as another process has them, while events are appended and a run
// handles them. The busy timeout of fileDSN makes all of them wait for each other.
func TestRebuildBesideRun(t *testing.T) {
	st, dsn := openStore(t), fileDSN(t)
	running, rebuilding := openDB(t, dsn), openDB(t, dsn)
	_, err := running.ExecContext(t.Context(), createAccounts)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() {
		for {
			p := project.SQL(running, "accounts", payments, into("accounts"))
			p.Batch = 2
			if err := project.Run(ctx, st, types, p); !errors.Is(err, project.ErrMoved) {
				ran <- err
				return
			}
		}
	}()
	appended := make(chan struct{})
	go func() {
		defer close(appended)
		for n := range 300 {
			pay(t, st, n, n)
			time.Sleep(100 * time.Microsecond) // appends are faster than transactions
		}
	}()
	for range 5 {
		createRebuilt(t, rebuilding)
		p := project.SQL(rebuilding, "accounts", payments, nil)
		beside := project.SQL(rebuilding, "accounts.new", payments, into("rebuilt"))
		beside.Batch = 7
		require.NoError(t, p.Rebuild(t.Context(), st, types, beside, swapAccounts))
		_, err := rebuilding.ExecContext(t.Context(), "DROP TABLE IF EXISTS rebuilt")
		require.NoError(t, err)
	}
	<-appended
	cancel()
	require.ErrorIs(t, <-ran, context.Canceled)
	require.NoError(t, project.CatchUp(t.Context(), st, types, project.SQL(running, "accounts", payments, into("accounts"))))
	require.Equal(t, fold(t, st, 1<<60), readAccounts(t, running, "accounts"))
}

// TestTwoWriters: two runs of different projections in one SQLite file, each with its own
// *sql.DB, wait for each other.
func TestTwoWriters(t *testing.T) {
	st, dsn := openStore(t), fileDSN(t)
	pay(t, st, 1, 50)
	ended := make(chan error)
	for _, table := range []string{"accounts", "rebuilt"} {
		db := openDB(t, dsn)
		_, err := db.ExecContext(t.Context(), createAccounts)
		require.NoError(t, err)
		if table == "rebuilt" {
			createRebuilt(t, db)
		}
		p := project.SQL(db, table, payments, into(table))
		p.Batch = 1
		go func() { ended <- project.CatchUp(t.Context(), st, types, p) }()
	}
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)
	db := openDB(t, dsn)
	require.Equal(t, fold(t, st, 100), readAccounts(t, db, "accounts"))
	require.Equal(t, fold(t, st, 100), readAccounts(t, db, "rebuilt"))
}
