package sqltest

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
)

// TestMovedAtOnce: an idle run ends when the projection is rebuilt, reset or run again through
// the same *sql.DB. Through another one, as in another process, it ends with the next event.
func TestMovedAtOnce(t *testing.T) {
	clear := func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM accounts")
		return err
	}
	for _, c := range []struct {
		name  string
		other bool // another *sql.DB
		move  func(ctx context.Context, f moved) error
	}{
		{"rebuild", false, func(ctx context.Context, f moved) error { return f.rebuild(ctx, f.running) }},
		{"rebuild of another value", false, func(ctx context.Context, f moved) error { return f.rebuild(ctx, f.again) }},
		{"reset", false, func(ctx context.Context, f moved) error { return f.again.Reset(ctx, clear) }},
		{"run", false, func(ctx context.Context, f moved) error { return project.CatchUp(ctx, f.store, types, f.again) }},
		{"rebuild elsewhere", true, func(ctx context.Context, f moved) error { return f.rebuild(ctx, f.again) }},
		{"reset elsewhere", true, func(ctx context.Context, f moved) error { return f.again.Reset(ctx, clear) }},
		{"run elsewhere", true, func(ctx context.Context, f moved) error { return project.CatchUp(ctx, f.store, types, f.again) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			st, dsn := openStore(t), fileDSN(t)
			pay(t, st, 1, 5)
			db := openDB(t, dsn)
			_, err := db.ExecContext(t.Context(), createAccounts)
			require.NoError(t, err)
			createRebuilt(t, db)
			running, idle := project.SQL(db, "accounts", payments, into("accounts")), project.SQL(db, "idle", payments, into("rebuilt"))
			ended := make(chan error, 1)
			go func() { ended <- project.Run(t.Context(), st, types, running, idle) }()
			require.NoError(t, running.Wait(t.Context(), 9))
			f := moved{store: st, db: db, running: running}
			if c.other {
				f.db = openDB(t, dsn)
			}
			f.again = project.SQL(f.db, "accounts", payments, into("accounts"))
			require.NoError(t, c.move(t.Context(), f))
			if c.other {
				pay(t, st, 6, 6)
			}
			err = <-ended
			require.ErrorIs(t, err, project.ErrMoved)
			require.Contains(t, err.Error(), `"accounts"`)
			require.NoError(t, project.CatchUp(t.Context(), st, types, f.again))
			check(t, st, db, "accounts")
		})
	}
}

type moved struct {
	store          *host.Store
	db             *sql.DB
	running, again *project.SQLProjection
}

func (f moved) rebuild(ctx context.Context, p *project.SQLProjection) error {
	if _, err := f.db.ExecContext(ctx, "CREATE TABLE made (entity TEXT PRIMARY KEY, cents INTEGER NOT NULL, payments INTEGER NOT NULL)"); err != nil {
		return err
	}
	return p.Rebuild(ctx, f.store, types, project.SQL(f.db, "accounts.new", payments, into("made")), func(ctx context.Context, tx *sql.Tx) error {
		for _, query := range []string{"DELETE FROM accounts", "INSERT INTO accounts SELECT * FROM made", "DROP TABLE made"} {
			if _, err := tx.ExecContext(ctx, query); err != nil {
				return err
			}
		}
		return nil
	})
}
