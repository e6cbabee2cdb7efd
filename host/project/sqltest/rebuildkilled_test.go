package sqltest

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host/project"
)

// TestRebuildKilled stops a rebuild at every statement in turn, before and after it took
// effect, while the old run gets further, so that the switch handles the last events. The
// read model is always that of the version and the events that its row says.
func TestRebuildKilled(t *testing.T) {
	for _, effect := range []bool{false, true} {
		for k := 0; ; k++ {
			st := openStore(t)
			pay(t, st, 1, 3)
			killer := &killer{dsn: fileDSN(t), left: k, effect: effect}
			plain := openDB(t, killer.dsn)
			_, err := plain.ExecContext(t.Context(), createAccounts)
			require.NoError(t, err)
			createRebuilt(t, plain)
			old := version(plain, "accounts", "1", "accounts")
			require.NoError(t, project.CatchUp(t.Context(), st, types, old))
			appended := false
			// A killed rebuild waits for this, perhaps in a transaction, so it must not wait long.
			running := openDB(t, strings.Replace(killer.dsn, "5000", "10", 1))
			busy := reader{st, func() {}, func() {
				if !appended {
					pay(t, st, 4, 5)
				}
				for !appended && !killer.killed() {
					appended = project.CatchUp(t.Context(), st, types, version(running, "accounts", "1", "accounts")) == nil
				}
			}}
			rebuild := func(db *sql.DB) error {
				p := version(db, "accounts", "2", "accounts")
				return p.Rebuild(t.Context(), busy, types, version(db, "beside", "2", "rebuilt"), swapAccounts)
			}
			db := sql.OpenDB(killer)
			err = rebuild(db)
			require.NoError(t, db.Close())
			check(t, st, plain, "accounts")
			next := version(plain, "accounts", "2", "accounts")
			require.Equal(t, killer.dead, err != nil, err)
			if killer.dead {
				if err = project.CatchUp(t.Context(), st, types, next); err != nil {
					require.ErrorIs(t, err, project.ErrVersion)
					require.NoError(t, project.CatchUp(t.Context(), st, types, old), "as it was")
					require.NoError(t, rebuild(plain))
				}
			}
			require.NoError(t, project.CatchUp(t.Context(), st, types, next))
			check(t, st, plain, "accounts")
			require.Equal(t, fold(t, st, 1000), readAccounts(t, plain, "accounts"))
			require.Zero(t, saved(t, plain, "beside"))
			require.NoError(t, errors.Join(plain.Close(), running.Close()))
			if !killer.dead {
				require.Greater(t, k, 20)
				break
			}
		}
	}
}
