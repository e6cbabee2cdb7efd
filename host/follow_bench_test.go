package host_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// benchFollow appends an event each millisecond and reports how long a follower of r takes to
// hand it out.
func benchFollow(b *testing.B, st *host.Store, r followable) {
	from, err := st.Position(b.Context())
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	arrived := make(chan time.Time, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, err := range r.Follow(host.Region{}, from, host.FollowOptions{}).Events(ctx) {
			if err != nil {
				return
			}
			arrived <- time.Now()
		}
	}()
	took := make([]time.Duration, b.N)
	b.ResetTimer()
	for i := range took {
		time.Sleep(time.Millisecond)
		it := benchItem(i)
		_, err := st.Append(b.Context(), it.At, it.Kind, it.Payload)
		require.NoError(b, err)
		start := time.Now()
		took[i] = (<-arrived).Sub(start)
	}
	b.StopTimer()
	cancel()
	<-ended
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-µs")
}

// BenchmarkFollow is the time from an append to a follower, in the process of the writer and
// through a reader of the directory, as another process has it.
func BenchmarkFollow(b *testing.B) {
	b.Run("writer", func(b *testing.B) {
		st := openBench(b, host.LoseUnsynced)
		benchFollow(b, st, st)
	})
	b.Run("reader", func(b *testing.B) {
		st, r := benchTail(b)
		benchFollow(b, st, r)
	})
}

// BenchmarkFollowStep is the work of a follower for one event, without the wake-up.
func BenchmarkFollowStep(b *testing.B) {
	st := openBench(b, host.LoseUnsynced)
	f := st.Follow(host.Region{}, host.Position{}, host.FollowOptions{})
	b.ReportAllocs()
	var took time.Duration
	for i := range b.N {
		it := benchItem(i)
		_, err := st.Append(b.Context(), it.At, it.Kind, it.Payload)
		require.NoError(b, err)
		start := time.Now()
		for _, err := range f.Events(b.Context()) {
			require.NoError(b, err)
			break
		}
		took += time.Since(start)
	}
	b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "step-ns")
}
