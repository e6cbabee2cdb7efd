package sqltest

import (
	"database/sql"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host/project"
)

// TestRandomKills appends, runs and kills at random, several projections in one scan. Each
// read model is always that of the events before its position.
func TestRandomKills(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 5 {
		st := openStore(t)
		killer := &killer{dsn: fileDSN(t)}
		plain := openDB(t, killer.dsn)
		_, err := plain.ExecContext(t.Context(), createAccounts)
		require.NoError(t, err)
		createRebuilt(t, plain)
		n := 0
		for range 30 {
			more := rng.IntN(8)
			pay(t, st, n+1, n+more)
			n += more
			killer.left, killer.effect, killer.dead = rng.IntN(40), rng.IntN(2) == 0, false
			db := sql.OpenDB(killer)
			var all []project.Projection
			for _, of := range [][2]string{{"one", "accounts"}, {"two", "rebuilt"}} {
				p := project.SQL(db, of[0], payments, into(of[1]))
				p.Batch = 1 + rng.IntN(5)
				if rng.IntN(2) == 0 {
					p.Park = func(*project.EventError) bool { return false }
				}
				if rng.IntN(3) > 0 {
					all = append(all, p)
				}
			}
			err := project.CatchUp(t.Context(), st, types, all...)
			require.NoError(t, db.Close())
			require.Equal(t, killer.dead, err != nil, err)
			if hasTable(t, plain) {
				require.Equal(t, fold(t, st, saved(t, plain, "one")), readAccounts(t, plain, "accounts"))
				require.Equal(t, fold(t, st, saved(t, plain, "two")), readAccounts(t, plain, "rebuilt"))
			}
		}
	}
}
