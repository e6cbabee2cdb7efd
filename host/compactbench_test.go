package host_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// BenchmarkCompact merges segments of 200 events into one.
func BenchmarkCompact(b *testing.B) {
	const segments, per = 500, 200
	src := b.TempDir()
	s, err := host.Open(b.Context(), src, host.Options{Durability: host.LoseUnsynced, SegmentSize: 1, NoMerge: true, Logger: quiet})
	require.NoError(b, err)
	for n := range segments {
		var items []host.Item
		for i := range per {
			items = append(items, host.Item{At: event.At("entity"+strconv.Itoa((n*per+i)%1000), "scope"), Kind: 0x1001, Payload: map[string]int{"n": i}})
		}
		_, err := s.AppendBatch(b.Context(), items)
		require.NoError(b, err)
	}
	require.NoError(b, s.Close())
	events := uint64(0)
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		require.NoError(b, os.CopyFS(dir, os.DirFS(src)))
		s, err := host.Open(b.Context(), dir, host.Options{Logger: quiet})
		require.NoError(b, err)
		b.StartTimer()
		r, err := s.Compact(b.Context(), host.Compaction{SegmentSize: 64 << 20})
		require.NoError(b, err)
		events += r.Events
		require.NotZero(b, r.Replaced)
		b.StopTimer()
		require.NoError(b, s.Close())
		b.StartTimer()
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
