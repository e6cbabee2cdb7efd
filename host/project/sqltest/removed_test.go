package sqltest

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

// drop removes the events with sequences in [first, end) from the store.
func drop(t testing.TB, st *host.Store, first, end uint64) {
	r, err := st.Compact(t.Context(), host.Compaction{Judge: func(e event.Event) host.Verdict {
		if first <= e.Sequence && e.Sequence < end {
			return host.DropEvent
		}
		return host.KeepEvent
	}})
	require.NoError(t, err)
	require.Equal(t, end-first, r.Dropped)
}

// tally is a state that counts.
type tally struct{ events int }

func (c *tally) Apply(typed.Envelope) error { c.events++; return nil }

func tables(t testing.TB, db *sql.DB, name string) (n int) {
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sqlite_master WHERE name = ?", name).Scan(&n))
	return n
}

// TestRemoved: a projection says that events were removed which it may have handled, until it
// is built again, and says nothing of those that it never had.
func TestRemoved(t *testing.T) {
	st, db := openStore(t), fileDB(t)
	pay(t, st, 1, 20) // sequences 0 to 39
	memory := project.Memory("memory", host.Region{}, &tally{})
	accounts := func() *project.SQLProjection { return project.SQL(db, "accounts", payments, into("accounts")) }
	p := accounts()
	run := func(ps ...project.Projection) {
		require.NoError(t, project.CatchUp(t.Context(), st, types, ps...))
	}
	run(p, memory)
	require.Empty(t, p.Status().Removed)
	require.Zero(t, tables(t, db, "thaw_built"), "no table for stores from which nothing was removed")

	pay(t, st, 21, 30)  // 40 to 59
	drop(t, st, 44, 50) // which neither has handled
	run(p, memory)
	require.Empty(t, p.Status().Removed)
	require.Empty(t, memory.Status().Removed)

	before := readAccounts(t, db, "accounts")
	drop(t, st, 36, 40) // which both have
	require.Empty(t, p.Status().Removed, "not known without a run")
	p = accounts() // as in another process
	run(p, memory)
	for _, s := range []project.Status{p.Status(), memory.Status()} {
		require.Len(t, s.Removed, 1)
		require.Equal(t, []uint64{36, 40}, []uint64{s.Removed[0].First, s.Removed[0].End})
	}
	require.Equal(t, before, readAccounts(t, db, "accounts"), "what it has handled stays")

	// The last event that it has handled goes, and it goes on.
	drop(t, st, 56, 60)
	pay(t, st, 31, 33)
	p = accounts()
	run(p)
	require.Len(t, p.Status().Removed, 2)

	// A read model that is built again has nothing of it.
	createRebuilt(t, db)
	beside := project.SQL(db, "accounts.new", payments, into("rebuilt"))
	require.ErrorIs(t, p.Rebuild(t.Context(), st, types, beside, swapAccounts), project.ErrRemoved)
	require.NoError(t, p.Reset(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM accounts")
		return err
	}))
	require.Empty(t, p.Status().Removed)
	run(p)
	require.Empty(t, p.Status().Removed)
	check(t, st, db, "accounts")
	drop(t, st, 0, 1)
	p = accounts()
	run(p)
	require.Len(t, p.Status().Removed, 1)

	// A projection that is running learns of it at once.
	running := project.Memory("running", host.Region{}, &tally{})
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- project.Run(ctx, st, types, running) }()
	require.NoError(t, running.Wait(t.Context(), 65))
	require.Empty(t, running.Status().Removed)
	drop(t, st, 1, 2)
	require.Len(t, running.Status().Removed, 1)
	stop()
	require.Error(t, <-ended)
	require.Len(t, running.Status().Removed, 1, "remembered")
}

// TestRebuiltGeneration: a rebuild takes over the generation of the read model beside.
func TestRebuiltGeneration(t *testing.T) {
	st, db := openStore(t), fileDB(t)
	pay(t, st, 1, 10)
	p := project.SQL(db, "accounts", payments, into("accounts"))
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	drop(t, st, 1, 2) // a note, of another region
	p = project.SQL(db, "accounts", payments, into("accounts"))
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	require.Len(t, p.Status().Removed, 1, "regions are not known")
	createRebuilt(t, db)
	beside := project.SQL(db, "accounts.new", payments, into("rebuilt"))
	require.NoError(t, p.Rebuild(t.Context(), st, types, beside, swapAccounts))
	p = project.SQL(db, "accounts", payments, into("accounts"))
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	require.Empty(t, p.Status().Removed)
	var rows int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM thaw_built").Scan(&rows))
	require.Equal(t, 1, rows)
}
