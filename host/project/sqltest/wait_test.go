package sqltest

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
)

// TestCommitWhileWaiting: a transaction is committed after its time also when no event comes
// and the scan has not caught up.
func TestCommitWhileWaiting(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	var items []host.Item
	for range 300 {
		items = append(items, host.Item{At: event.At("account:1", "bank"), Kind: 0x1001, Payload: paid{Cents: 1}})
	}
	_, err := st.AppendBatch(t.Context(), items)
	require.NoError(t, err)
	gate := make(chan struct{})
	stuck := reader{st, func() { <-gate }, func() {}}
	p := project.SQL(db, "accounts", payments, into("accounts"))
	p.BatchTime = time.Millisecond
	ended := make(chan error)
	go func() { ended <- project.CatchUp(t.Context(), stuck, types, p) }()
	require.NoError(t, p.Wait(t.Context(), 255))
	close(gate)
	require.NoError(t, <-ended)
	require.EqualValues(t, 300, saved(t, db, "accounts"))
	check(t, st, db, "accounts")
}

// TestCommitAtOnce: a transaction is committed when there are no more events.
func TestCommitAtOnce(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	p := project.SQL(db, "accounts", payments, into("accounts"))
	p.BatchTime = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- project.Run(ctx, st, types, p) }()
	for n := range 10 {
		pay(t, st, n, n)
		require.NoError(t, p.Wait(t.Context(), uint64(2*n)))
		require.GreaterOrEqual(t, saved(t, db, "accounts"), uint64(2*n+1))
	}
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	check(t, st, db, "accounts")
}

// TestWaitAfterReset: after a reset Wait waits until the events are handled again.
func TestWaitAfterReset(t *testing.T) {
	st, db := openStore(t), memoryDB(t)
	pay(t, st, 1, 2)
	p := project.SQL(db, "accounts", payments, into("accounts"))
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	require.NoError(t, p.Wait(t.Context(), 2))
	require.NoError(t, p.Reset(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM accounts")
		return err
	}))
	require.ErrorIs(t, p.Wait(t.Context(), 2), project.ErrStopped)
	require.Zero(t, p.Status().Position)
	require.NoError(t, project.CatchUp(t.Context(), st, types, p))
	require.NoError(t, p.Wait(t.Context(), 2))
	check(t, st, db, "accounts")
}

// TestCommitTimes: each database has its own time: a long one does not hold up the commit of
// another.
func TestCommitTimes(t *testing.T) {
	st, db, other := openStore(t), memoryDB(t), memoryDB(t)
	var items []host.Item
	for range 300 {
		items = append(items, host.Item{At: event.At("account:1", "bank"), Kind: 0x1001, Payload: paid{Cents: 1}})
	}
	_, err := st.AppendBatch(t.Context(), items)
	require.NoError(t, err)
	gate := make(chan struct{})
	stuck := reader{st, func() { <-gate }, func() {}}
	soon, late := project.SQL(db, "soon", payments, into("accounts")), project.SQL(other, "late", payments, into("accounts"))
	soon.BatchTime, late.BatchTime = time.Millisecond, time.Hour
	ended := make(chan error)
	go func() { ended <- project.CatchUp(t.Context(), stuck, types, soon, late) }()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	waited := soon.Wait(ctx, 255)
	close(gate)
	require.NoError(t, waited)
	require.NoError(t, <-ended)
}
