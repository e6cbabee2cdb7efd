package react_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/react"
	"github.com/thawlog/thaw/host/typed"
)

// noticed is a store that sends the time at which each batch is on disk.
type noticed struct {
	*host.Store
	batch chan time.Time
}

func (n noticed) AppendBatch(ctx context.Context, items []host.Item) ([]host.Receipt, error) {
	receipts, err := n.Store.AppendBatch(ctx, items)
	n.batch <- time.Now()
	return receipts, err
}

// BenchmarkRun is the time from a trigger's append to the batch of its reactions on disk:
// reaction-p50-µs. append-p50-µs is that of the trigger's own append, and added-p50-µs the
// difference.
func BenchmarkRun(b *testing.B) {
	st, err := host.Open(b.Context(), b.TempDir(), host.Options{})
	require.NoError(b, err)
	defer st.Close()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	store, ended := noticed{st, make(chan time.Time, 1)}, make(chan error, 1)
	go func() {
		ended <- react.Run(ctx, store, types, "shipping", payments, twoParts, react.Options{
			Checkpoint: host.CheckpointFile{Path: b.TempDir() + "/checkpoint"},
		})
	}()
	appends, reactions := make([]time.Duration, b.N), make([]time.Duration, b.N)
	for i := range b.N {
		start := time.Now()
		_, err := types.Append(b.Context(), st, at, paid{N: i})
		require.NoError(b, err)
		appended := time.Now()
		appends[i] = appended.Sub(start)
		reactions[i] = (<-store.batch).Sub(appended)
	}
	b.StopTimer()
	cancel()
	require.ErrorIs(b, <-ended, context.Canceled)
	slices.Sort(appends)
	slices.Sort(reactions)
	a, r := appends[b.N/2], reactions[b.N/2]
	b.ReportMetric(float64(a.Nanoseconds())/1000, "append-p50-µs")
	b.ReportMetric(float64(r.Nanoseconds())/1000, "reaction-p50-µs")
	b.ReportMetric(float64((r-a).Nanoseconds())/1000, "added-p50-µs")
	b.ReportMetric(float64(reactions[b.N*99/100].Nanoseconds())/1000, "reaction-p99-µs")
}

// BenchmarkRunDone is the time to pass over a trigger that has its reactions.
func BenchmarkRunDone(b *testing.B) {
	st := newStore(b)
	for i := range 1000 {
		add(b, st, at, paid{N: i})
	}
	run := func(handle func(context.Context, typed.Envelope) ([]react.Reaction, error)) {
		require.NoError(b, react.Run(b.Context(), st, types, "shipping", payments, handle, react.Options{StopAtEnd: true}))
	}
	run(twoParts)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		run(nil)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/trigger")
}
