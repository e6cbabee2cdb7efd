package sqltest

import (
	"context"
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
