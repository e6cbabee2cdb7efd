package aggregate_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/typed"
)

// lineAdded is an event of some 100 bytes.
type lineAdded struct {
	Customer string `msgpack:"customer"`
	Item     string `msgpack:"item"`
	Quantity int    `msgpack:"quantity"`
	Cents    int64  `msgpack:"cents"`
}

type order struct {
	Lines int
	Cents int64
	Last  string
}

func (o *order) Apply(e typed.Envelope) error {
	if v, ok := e.Value.(lineAdded); ok {
		o.Lines++
		o.Cents += v.Cents * int64(v.Quantity)
		o.Last = v.Item
	}
	return nil
}

var orderTypes = typed.Registry(typed.Event[lineAdded](0x1001, "order.line-added"))

func aLine(i int) lineAdded {
	return lineAdded{
		Customer: fmt.Sprintf("customer:%06d", i%5000), Item: "a crate of something blue, number " + fmt.Sprint(i%100),
		Quantity: i%200 + 1, Cents: int64(i) * 37 % 1_000_000,
	}
}

// fill appends n lines to an order.
func fill(tb testing.TB, st *host.Store, entity string, n int) {
	for done := 0; done < n; {
		var items []host.Item
		for ; done < n && len(items) < 1000; done++ {
			item, err := orderTypes.Item(event.At(entity, "order"), aLine(done))
			require.NoError(tb, err)
			items = append(items, item)
		}
		_, err := st.AppendBatch(tb.Context(), items)
		require.NoError(tb, err)
	}
}

func diskStore(b *testing.B, d host.Durability) *host.Store {
	st, err := host.Open(b.Context(), b.TempDir(), host.Options{Durability: d})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, st.Close()) })
	return st
}

// BenchmarkLoad loads an aggregate of 10,000 events, with and without a snapshot.
func BenchmarkLoad(b *testing.B) {
	st := diskStore(b, host.LoseUnsynced)
	fill(b, st, "order:long", 10_000)
	for name, options := range map[string][]aggregate.Option{
		"10000 events":    nil,
		"file snapshot":   {aggregate.Snapshots(aggregate.SnapshotOptions{Cache: aggregate.FileSnapshots{Dir: b.TempDir()}})},
		"memory snapshot": {aggregate.Snapshots(aggregate.SnapshotOptions{Cache: &aggregate.MemorySnapshots{}})},
	} {
		b.Run(name, func(b *testing.B) {
			a := aggregate.Of[order](st, orderTypes, "order:", options...)
			defer a.Close()
			require.NoError(b, a.Snapshot(b.Context(), "long"))
			b.ReportAllocs()
			for b.Loop() {
				l, err := a.Load(b.Context(), "long")
				if err != nil || l.State.Lines != 10_000 {
					b.Fatal(l, err)
				}
			}
		})
	}
}

// BenchmarkDo adds a line to one order after the other: load, decide, append.
func BenchmarkDo(b *testing.B) {
	add := func(o *order) ([]any, error) { return []any{aLine(o.Lines)}, nil }
	for _, c := range []struct {
		name       string
		durability host.Durability
		goroutines int
	}{
		{"unsynced", host.LoseUnsynced, 1},
		{"unsynced/16 goroutines", host.LoseUnsynced, 8}, // on two processors
		{"durable", host.OnDisk, 1},
		{"durable/16 goroutines", host.OnDisk, 8},
	} {
		b.Run(c.name, func(b *testing.B) {
			st := diskStore(b, c.durability)
			a := aggregate.Of[order](st, orderTypes, "order:")
			var n atomic.Int64
			one := func() {
				id := fmt.Sprint(n.Add(1) % 1000)
				if _, err := a.Do(b.Context(), id, add); err != nil {
					b.Error(err)
				}
			}
			b.ReportAllocs()
			if c.goroutines == 1 {
				for b.Loop() {
					one()
				}
				return
			}
			b.SetParallelism(c.goroutines)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					one()
				}
			})
		})
	}
}
