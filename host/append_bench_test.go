package host_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// openBench opens an empty store on the disk.
func openBench(b *testing.B, d host.Durability) *host.Store {
	st, err := host.Open(b.Context(), b.TempDir(), host.Options{Durability: d, Logger: quiet})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, st.Close()) })
	return st
}

// benchItem is event i of a benchmark: 5,000 entities, 50 scopes, 9 kinds, 120
// bytes of payload.
func benchItem(i int) host.Item {
	return host.Item{
		At:      event.At(fmt.Sprint("order:", i*7919%5000), fmt.Sprint("shop:", i%50)),
		Kind:    event.Kind(0x1000 + i%9),
		Payload: benchPayload,
	}
}

var benchPayload = host.Raw(append([]byte{0xc4, 118}, make([]byte, 118)...))

func BenchmarkAppendBatch(b *testing.B) {
	st := openBench(b, host.OnDisk)
	items := make([]host.Item, 1000)
	for i := range items {
		items[i] = benchItem(i)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, err := st.AppendBatch(b.Context(), items)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkAppendBatchConditional is BenchmarkAppendBatch with a condition of each item on
// the events since the store was opened.
func BenchmarkAppendBatchConditional(b *testing.B) {
	st := openBench(b, host.OnDisk)
	items := make([]host.Item, 1000)
	free := make([]string, len(items))
	for i := range items {
		items[i] = benchItem(i)
		free[i] = "student:" + items[i].At.Entity
	}
	position := host.Position{}
	b.ReportAllocs()
	for b.Loop() {
		for i := range items {
			items[i].Options = []host.AppendOption{host.Unless(position, host.Region{Entity: free[i]}, host.Region{Scope: "course:1"})}
		}
		_, err := st.AppendBatch(b.Context(), items)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkAppendTogether(b *testing.B)         { appendTogether(b, host.OnDisk) }
func BenchmarkAppendUnsyncedTogether(b *testing.B) { appendTogether(b, host.LoseUnsynced) }

func appendTogether(b *testing.B, d host.Durability) {
	st := openBench(b, d)
	const goroutines = 64
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := g; i < b.N; i += goroutines {
				it := benchItem(i)
				if _, err := st.Append(b.Context(), it.At, it.Kind, it.Payload); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkAppendUnsynced(b *testing.B) {
	st := openBench(b, host.LoseUnsynced)
	it := benchItem(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := st.Append(b.Context(), it.At, it.Kind, it.Payload); err != nil { // testify is slow
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkAppendUnsyncedConditional appends one by one with a condition on an entity and a
// scope that have no events since the store was opened.
func BenchmarkAppendUnsyncedConditional(b *testing.B) {
	st := openBench(b, host.LoseUnsynced)
	it := benchItem(1)
	b.ReportAllocs()
	for b.Loop() {
		_, err := st.Append(b.Context(), it.At, it.Kind, it.Payload,
			host.Unless(host.Position{}, host.Region{Entity: "student:1"}, host.Region{Scope: "course:1"}))
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkAppendThenGet reads every event right after it was appended, which makes
// the writer's view grow one by one.
func BenchmarkAppendThenGet(b *testing.B) {
	st := openBench(b, host.LoseUnsynced)
	it := benchItem(1)
	b.ReportAllocs()
	for b.Loop() {
		r, err := st.Append(b.Context(), it.At, it.Kind, it.Payload)
		require.NoError(b, err)
		_, err = st.Get(b.Context(), r.ID)
		require.NoError(b, err)
	}
}
