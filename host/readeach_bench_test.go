package host_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// order is a payload as applications have them.
type order struct {
	Customer string `msgpack:"customer"`
	Item     string `msgpack:"item"`
	Quantity int    `msgpack:"quantity"`
	Cents    int64  `msgpack:"cents"`
	Note     string `msgpack:"note"`
}

const benchEvents = 100_000

// benchStore is a closed store of benchEvents orders in streams of 20 and one of 10,000, in
// no order.
func benchStore(b *testing.B) (*host.DirReader, []event.ID) {
	dir := b.TempDir()
	st, err := host.Open(b.Context(), dir, host.Options{Durability: host.LoseUnsynced})
	require.NoError(b, err)
	rng := rand.New(rand.NewPCG(1, 1))
	var ids []event.ID
	for len(ids) < benchEvents {
		var items []host.Item
		for range 1000 {
			entity := fmt.Sprintf("order:%06d", rng.IntN(benchEvents/20))
			if rng.IntN(10) == 0 {
				entity = "order:long"
			}
			items = append(items, host.Item{At: event.At(entity, fmt.Sprint("tenant:", rng.IntN(200))), Kind: 0x1001, Payload: order{
				Customer: fmt.Sprint("customer:", rng.IntN(5000)), Item: "a crate of something blue", Quantity: rng.IntN(200),
				Cents: rng.Int64N(1_000_000), Note: "ship before noon, leave with the neighbour on the second floor",
			}})
		}
		receipts, err := st.AppendBatch(b.Context(), items)
		require.NoError(b, err)
		for _, r := range receipts {
			ids = append(ids, r.ID)
		}
	}
	require.NoError(b, st.Close())
	r, err := host.OpenReader(b.Context(), dir, host.ReaderOptions{})
	require.NoError(b, err)
	b.Cleanup(func() { _ = r.Close() })
	return r, ids
}

// BenchmarkReadEach reads events with their payloads, and reports the time of one and the
// MB/s of frames.
func BenchmarkReadEach(b *testing.B) {
	r, _ := benchStore(b)
	ctx := b.Context()
	for _, c := range []struct {
		name   string
		region host.Region
		limit  int
	}{
		{"all", host.Region{}, 0},
		{"stream of 10000", host.Region{Entity: "order:long"}, 0},
		{"stream of 20", host.Region{Entity: "order:000123"}, 0},
	} {
		for _, how := range []string{"raw", "decoded", "one by one"} {
			b.Run(c.name+"/"+how, func(b *testing.B) {
				b.ReportAllocs()
				n, size := 0, uint64(0)
				for b.Loop() {
					events := r.Query(ctx, c.region, host.Page{Limit: c.limit})
					if how == "one by one" {
						for e, err := range events {
							if err == nil {
								_, err = r.Read(ctx, e)
							}
							if err != nil {
								b.Fatal(err)
							}
							n++
							size += uint64(e.Position.Length)
						}
						continue
					}
					var o order
					for full, err := range r.ReadEach(ctx, events) {
						if err == nil && how == "decoded" {
							err = payload.Unmarshal(full.Payload, &o)
						}
						if err != nil {
							b.Fatal(err)
						}
						n++
						size += uint64(full.Position.Length)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
				b.ReportMetric(float64(size)/1e6/b.Elapsed().Seconds(), "MB/s")
			})
		}
	}
}

// BenchmarkGet reads one event by its id with its payload, and one by its sequence without.
func BenchmarkGet(b *testing.B) {
	r, ids := benchStore(b)
	rng := rand.New(rand.NewPCG(2, 2))
	b.Run("id", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Get(b.Context(), ids[rng.IntN(len(ids))]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sequence", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, err := range r.Query(b.Context(), host.Region{}, host.Page{From: rng.Uint64N(benchEvents), Limit: 1}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
