package project_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

// order is an event as applications have them.
type order struct {
	Customer string `msgpack:"customer"`
	Item     string `msgpack:"item"`
	Quantity int    `msgpack:"quantity"`
	Cents    int64  `msgpack:"cents"`
	Note     string `msgpack:"note"`
}

var benchTypes = typed.Registry(typed.Event[order](0x1001, "order.placed"))

const benchEvents = 200_000

// benchStore is a store of benchEvents orders in streams of 20.
func benchStore(b *testing.B) *host.Store {
	st, err := host.Open(b.Context(), b.TempDir(), host.Options{Durability: host.LoseUnsynced})
	require.NoError(b, err)
	b.Cleanup(func() { _ = st.Close() })
	for n := 0; n < benchEvents; {
		var items []host.Item
		for range 1000 {
			items = append(items, host.Item{At: event.At(fmt.Sprint("order:", n%(benchEvents/20)), "shop"), Kind: 0x1001, Payload: order{
				Customer: fmt.Sprint("customer:", n%5000), Item: "a crate of something blue", Quantity: n % 7,
				Cents: int64(n), Note: "ship before noon",
			}})
			n++
		}
		_, err := st.AppendBatch(b.Context(), items)
		require.NoError(b, err)
	}
	return st
}

// byCustomer is a read model.
type byCustomer map[string]int64

func (s byCustomer) Apply(e typed.Envelope) error {
	o := e.Value.(order)
	s[o.Customer] += o.Cents
	return nil
}

// sum is the cheapest read model.
type sum struct{ cents int64 }

func (s *sum) Apply(e typed.Envelope) error {
	s.cents += e.Value.(order).Cents
	return nil
}

// BenchmarkMemory projects a store into memory, and reports the events per second of the
// scan. The aim is one million, and that three projections take at most 1.5 times as long.
func BenchmarkMemory(b *testing.B) {
	st := benchStore(b)
	bench := func(name string, projections func() []project.Projection) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := project.CatchUp(b.Context(), st, benchTypes, projections()...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(benchEvents*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
	kinds := host.Region{Kinds: event.Only(0x1001)}
	bench("one", func() []project.Projection {
		return []project.Projection{project.Memory("a", host.Region{}, &sum{})}
	})
	bench("three", func() []project.Projection {
		return []project.Projection{
			project.Memory("a", host.Region{}, &sum{}), project.Memory("b", kinds, &sum{}),
			project.Memory("c", host.Region{EntityPrefix: "order:"}, &sum{}),
		}
	})
	bench("map", func() []project.Projection {
		return []project.Projection{project.Memory("a", host.Region{}, byCustomer{})}
	})
	bench("none wants them", func() []project.Projection {
		return []project.Projection{
			project.Memory("a", host.Region{Entity: "nobody"}, &sum{}), project.Memory("b", host.Region{EntityPrefix: "x"}, &sum{}),
		}
	})
}

// BenchmarkDecoded is what the host and the registry need for the same events.
func BenchmarkDecoded(b *testing.B) {
	st := benchStore(b)
	for _, how := range []string{"query", "raw", "follow", "decoded"} {
		b.Run(how, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				switch how {
				case "query":
					for _, err := range st.Query(b.Context(), host.Region{}, host.Page{}) {
						require.NoError(b, err)
					}
				case "raw":
					for _, err := range st.ReadEach(b.Context(), st.Query(b.Context(), host.Region{}, host.Page{})) {
						if err != nil {
							b.Fatal(err)
						}
					}
				case "follow":
					for _, err := range st.Follow(host.Region{}, host.Position{}, host.FollowOptions{StopAtEnd: true}).Events(b.Context()) {
						if err != nil {
							b.Fatal(err)
						}
					}
				case "decoded":
					for _, err := range benchTypes.Each(st.ReadEach(b.Context(), st.Query(b.Context(), host.Region{}, host.Page{}))) {
						if err != nil {
							b.Fatal(err)
						}
					}
				}
			}
			b.ReportMetric(float64(benchEvents*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
