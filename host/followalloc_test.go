package host_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// TestFollowAllocations: catching up allocates a number of objects per page, not per event, and
// one new event costs a bounded number.
func TestFollowAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	p := inMemory(t)
	st := p.openStore(t, host.Options{Durability: host.LoseUnsynced})
	const total = 8192
	items := make([]host.Item, total)
	for i := range items {
		items[i] = benchItem(i)
	}
	_, err := st.AppendBatch(t.Context(), items)
	require.NoError(t, err)
	require.NoError(t, st.Close())
	st = p.openStore(t, host.Options{Durability: host.LoseUnsynced})
	for _, r := range []followable{st, p.open(t, host.ReaderOptions{})} {
		for _, without := range []bool{false, true} {
			allocations := testing.AllocsPerRun(3, func() {
				n := 0
				f := r.Follow(host.Region{}, host.Position{}, host.FollowOptions{StopAtEnd: true, WithoutPayloads: without})
				for _, err := range f.Events(t.Context()) {
					require.NoError(t, err)
					n++
				}
				require.Equal(t, total, n)
			})
			t.Logf("%T, without payloads %v: %.3f objects an event", r, without, allocations/total)
			require.Less(t, allocations/total, 0.2)
		}
	}
	from, err := st.Position(t.Context())
	require.NoError(t, err)
	f := st.Follow(host.Region{}, from, host.FollowOptions{})
	ended := testing.AllocsPerRun(50, func() { appendSome(t, st, "e", 1) })
	both := testing.AllocsPerRun(50, func() {
		appendSome(t, st, "e", 1)
		for _, err := range f.Events(t.Context()) {
			require.NoError(t, err)
			break
		}
	})
	t.Logf("one new event: %.1f objects", both-ended)
	require.Less(t, both-ended, 30.0)
}

// TestRefreshAllocations: the work for a new event does not grow with the tail before it.
func TestRefreshAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	bytes := func(tail int) uint64 {
		p := onDisk(t) // a file in memory grows by copying
		st := p.openStore(t, host.Options{Durability: host.LoseUnsynced})
		items := make([]host.Item, tail)
		for i := range items {
			items[i] = benchItem(i)
		}
		_, err := st.AppendBatch(t.Context(), items)
		require.NoError(t, err)
		r := p.open(t, host.ReaderOptions{})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 100 {
			appendSome(t, st, "e", 1)
			changed, err := r.Refresh(t.Context())
			require.NoError(t, err)
			require.True(t, changed)
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / 100
	}
	short, long := bytes(100), bytes(20_000)
	t.Logf("bytes for an event and its refresh: %d behind 100 events, %d behind 20,000", short, long)
	require.Less(t, long, 2*short)
}
