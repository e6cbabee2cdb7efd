package sqltest

import (
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
