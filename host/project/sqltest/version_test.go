package sqltest

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

// version is a projection into a table, of a version.
func version(db *sql.DB, name, version, table string) *project.SQLProjection {
	p := project.SQL(db, name, payments, into(table))
	p.Version = version
	return p
}

// requireVersion requires that a run is refused before its handler is called, and that the
// read model and its row stay.
func requireVersion(t *testing.T, saved string, p *project.SQLProjection, run func() error) {
	t.Helper()
	var why *project.VersionError
	err := run()
	require.ErrorIs(t, err, project.ErrVersion)
	require.ErrorAs(t, err, &why)
	require.Equal(t, project.VersionError{Saved: saved, Version: p.Version}, *why)
	require.Contains(t, err.Error(), `"accounts"`)
}

// TestVersion: a run of another version than that of the read model is refused. Rebuild and
// Reset change the version of the read model.
func TestVersion(t *testing.T) {
	st, db := openStore(t), fileDB(t)
	pay(t, st, 1, 5)
	catchUp := func(p *project.SQLProjection) error { return project.CatchUp(t.Context(), st, types, p) }
	require.NoError(t, catchUp(version(db, "accounts", "", "accounts")))
	pay(t, st, 6, 7)
	refused := func(saved, other string) {
		t.Helper()
		before, at := rowOf(t, db, "accounts"), readAccounts(t, db, "accounts")
		p := project.SQL(db, "accounts", payments, func(context.Context, *sql.Tx, typed.Envelope) error {
			t.Error("handled")
			return nil
		})
		p.Version = other
		requireVersion(t, saved, p, func() error { return catchUp(p) })
		require.ErrorIs(t, p.Status().Err, project.ErrVersion)
		require.Equal(t, before, rowOf(t, db, "accounts"))
		require.Equal(t, at, readAccounts(t, db, "accounts"))
	}
	refused("", "2")

	// The new handler is refused, and so it rebuilds. Then the old one is refused.
	createRebuilt(t, db)
	p := version(db, "accounts", "2", "accounts")
	require.NoError(t, p.Rebuild(t.Context(), st, types, version(db, "accounts.2", "2", "rebuilt"), swapAccounts))
	refused("2", "")
	pay(t, st, 8, 9)
	require.NoError(t, catchUp(p))
	check(t, st, db, "accounts")

	p.Version = "3"
	require.NoError(t, p.Reset(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM accounts")
		return err
	}))
	refused("3", "2")
	require.NoError(t, catchUp(p))
	check(t, st, db, "accounts")
	require.Equal(t, fold(t, st, 1000), readAccounts(t, db, "accounts"))
}

// TestVersionOfBeside: a rebuild does not go on with what another version has begun.
func TestVersionOfBeside(t *testing.T) {
	st, db := openStore(t), fileDB(t)
	pay(t, st, 1, 5)
	require.NoError(t, project.CatchUp(t.Context(), st, types, version(db, "other", "", "accounts")))
	createRebuilt(t, db)
	require.NoError(t, project.CatchUp(t.Context(), st, types, version(db, "accounts", "2", "rebuilt")))
	beside := version(db, "accounts", "3", "rebuilt")
	requireVersion(t, "2", beside, func() error {
		return version(db, "other", "3", "accounts").Rebuild(t.Context(), st, types, beside, swapAccounts)
	})
	check(t, st, db, "other")
}

// TestVersionDoesNotDisturb: a run that is refused leaves the running one alone.
func TestVersionDoesNotDisturb(t *testing.T) {
	st, db := openStore(t), fileDB(t)
	pay(t, st, 1, 5)
	running := version(db, "accounts", "1", "accounts")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- project.Run(ctx, st, types, running) }()
	require.NoError(t, running.Wait(t.Context(), 9))
	p := version(db, "accounts", "2", "accounts")
	requireVersion(t, "1", p, func() error { return project.Run(t.Context(), st, types, p) })
	pay(t, st, 6, 9)
	require.NoError(t, running.Wait(t.Context(), 17))
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	check(t, st, db, "accounts")
}

// TestVersionOfParked: Retry calls no handler of another version.
func TestVersionOfParked(t *testing.T) {
	st, _ := poisoned(t)
	db := memoryDB(t)
	p := project.SQL(db, "accounts", payments, refusing)
	p.Park = func(*project.EventError) bool { return true }
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	before := readAccounts(t, db, "accounts")
	other := version(db, "accounts", "2", "accounts")
	requireVersion(t, "", other, func() error {
		n, err := other.Retry(t.Context(), st, types)
		require.Zero(t, n)
		return err
	})
	require.Equal(t, before, readAccounts(t, db, "accounts"))
	again := project.SQL(db, "accounts", payments, into("accounts"))
	n, err := again.Retry(t.Context(), st, types)
	require.Error(t, err, "the event that is no payment")
	require.Equal(t, 3, n)
}

// rowOf returns a projection's row.
func rowOf(t *testing.T, db *sql.DB, name string) (row [2]any) {
	require.NoError(t, db.QueryRowContext(t.Context(),
		"SELECT generation, sequence || ' ' || version FROM thaw_projections WHERE name = ?", name).Scan(&row[0], &row[1]))
	return row
}
