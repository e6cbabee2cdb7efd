package host_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// benchTail opens a store with a tail of 150,000 events that no index covers, and a reader of
// its directory, whose time is old enough to be relied on.
func benchTail(b *testing.B) (*host.Store, *host.DirReader) {
	dir := b.TempDir()
	st, err := host.Open(b.Context(), dir, host.Options{
		Durability: host.LoseUnsynced, SegmentSize: 4 << 30, Logger: quiet,
	})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, st.Close()) })
	items := make([]host.Item, 1000)
	for n := range 150 {
		for i := range items {
			items[i] = benchItem(n*1000 + i)
		}
		_, err := st.AppendBatch(b.Context(), items)
		require.NoError(b, err)
	}
	r, err := host.OpenReader(b.Context(), dir, host.ReaderOptions{Logger: quiet})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, r.Close()) })
	time.Sleep(150 * time.Millisecond)
	_, err = r.Refresh(b.Context())
	require.NoError(b, err)
	return st, r
}

func BenchmarkRefreshIdle(b *testing.B) {
	_, r := benchTail(b)
	b.ReportAllocs()
	for b.Loop() {
		changed, err := r.Refresh(b.Context())
		require.NoError(b, err)
		require.False(b, changed)
	}
}

// BenchmarkRefreshOne refreshes a reader with a long tail after each event.
func BenchmarkRefreshOne(b *testing.B) {
	st, r := benchTail(b)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		b.StopTimer()
		it := benchItem(i)
		_, err := st.Append(b.Context(), it.At, it.Kind, it.Payload)
		require.NoError(b, err)
		b.StartTimer()
		changed, err := r.Refresh(b.Context())
		require.NoError(b, err)
		require.True(b, changed)
	}
}
