package store_test

import (
	"iter"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"testing"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// million is the events that the benchmarks query, 10^6 unless THAW_BENCH_EVENTS is
// set.
var million = sync.OnceValue(func() source.Bytes {
	n := 1_000_000
	if v, err := strconv.Atoi(os.Getenv("THAW_BENCH_EVENTS")); err == nil {
		n = v
	}
	debug.SetGCPercent(100) // as programs have it, unlike the tests
	return indexOf(&testing.B{}, scattered(n, 20))
})

func benchSnapshots(b *testing.B, f func(b *testing.B, s *store.Snapshot)) {
	for _, c := range []struct {
		name  string
		index source.Source
	}{{"memory", million()}, {"file", newFileLike(million())}} {
		b.Run(c.name, func(b *testing.B) {
			s, err := store.Open(made{index: c.index}, store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			f(b, s)
		})
	}
}

// BenchmarkQuery iterates over whole answers and reports the cost of an event.
func BenchmarkQuery(b *testing.B) {
	for _, c := range []struct {
		name   string
		region query.Region
		page   query.Page
	}{
		{"entity", query.Region{Entity: "account:012345"}, query.Page{}},
		{"scope", query.Region{Scope: "tenant:000123"}, query.Page{}},
		{"kind", query.Region{Kinds: event.Only(0x2003)}, query.Page{}},
		{"category", query.Region{Kinds: event.InCategory(2)}, query.Page{}},
		{"prefix", query.Region{EntityPrefix: "account:0123"}, query.Page{}},
		{"prefix10", query.Region{EntityPrefix: "account:01234"}, query.Page{}},
		{"intersection", query.Region{Scope: "tenant:000123", Kinds: event.Only(0x2003)}, query.Page{}},
		{"all", query.Region{}, query.Page{}},
		{"kind-page", query.Region{Kinds: event.Only(0x2003)}, query.Page{From: 500_000, Limit: 20}},
		{"category-page", query.Region{Kinds: event.InCategory(2)}, query.Page{From: 500_000, Limit: 20}},
		{"prefix-page", query.Region{EntityPrefix: "account:02"}, query.Page{From: 500_000, Limit: 20}},
		{"all-page", query.Region{}, query.Page{From: 500_000, Limit: 20}},
		{"entity-last", query.Region{Entity: "account:012345"}, query.Page{Limit: 20, Reverse: true}},
		{"kind-last", query.Region{Kinds: event.Only(0x2003)}, query.Page{Limit: 20, Reverse: true}},
		{"kinds-last", query.Region{Kinds: event.AnyOf(0x2003, 0x1001, 0x3005)}, query.Page{Limit: 20, Reverse: true}},
		{"intersection-last", query.Region{Scope: "tenant:000123", Kinds: event.Only(0x2003)}, query.Page{Limit: 20, Reverse: true}},
		{"all-last", query.Region{}, query.Page{Limit: 20, Reverse: true}},
		{"last", query.Region{}, query.Page{Limit: 1, Reverse: true}},
		{"all-reverse", query.Region{}, query.Page{Reverse: true}},
		{"category-reverse", query.Region{Kinds: event.InCategory(2)}, query.Page{Reverse: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			benchSnapshots(b, func(b *testing.B, s *store.Snapshot) {
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					for _, err := range s.Query(c.region, c.page) {
						if err != nil {
							b.Fatal(err)
						}
						n++
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
				b.ReportMetric(float64(n)/float64(b.N), "events")
			})
		})
	}
}

func BenchmarkStream(b *testing.B) {
	benchSnapshots(b, func(b *testing.B, s *store.Snapshot) {
		b.ReportAllocs()
		for b.Loop() {
			for _, err := range s.Stream("account:012345", query.StreamPage{From: 10}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkCount(b *testing.B) {
	for _, c := range []struct {
		name   string
		region query.Region
		from   uint64
	}{
		{"entity", query.Region{Entity: "account:012345"}, 0},
		{"scope", query.Region{Scope: "tenant:000123"}, 0},
		{"kind", query.Region{Kinds: event.Only(0x2003)}, 0},
		{"kind-from", query.Region{Kinds: event.Only(0x2003)}, 500_000},
		{"category", query.Region{Kinds: event.InCategory(2)}, 0},
		{"prefix", query.Region{EntityPrefix: "account:01"}, 0},
		{"intersection", query.Region{Scope: "tenant:000123", Kinds: event.Only(0x2003)}, 0},
		{"intersection3", query.Region{Scope: "tenant:000123", Kinds: event.InCategory(2), EntityPrefix: "account:01"}, 0},
		{"all", query.Region{}, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			benchSnapshots(b, func(b *testing.B, s *store.Snapshot) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := s.Count(c.region, c.from); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkLists lists 50,000 entities, 200 scopes and 36 kinds of a million events.
func BenchmarkLists(b *testing.B) {
	names := func(b *testing.B, all iter.Seq2[query.NameSummary, error]) {
		n := 0
		for _, err := range all {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		b.ReportMetric(float64(n), "names")
	}
	for name, list := range map[string]func(b *testing.B, s *store.Snapshot){
		"entities": func(b *testing.B, s *store.Snapshot) { names(b, s.Entities("", query.NamePage{})) },
		"page":     func(b *testing.B, s *store.Snapshot) { names(b, s.Entities("account:01", query.NamePage{Limit: 20})) },
		"scopes":   func(b *testing.B, s *store.Snapshot) { names(b, s.Scopes("", query.NamePage{})) },
		"kinds": func(b *testing.B, s *store.Snapshot) {
			for _, err := range s.Kinds() {
				if err != nil {
					b.Fatal(err)
				}
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			benchSnapshots(b, func(b *testing.B, s *store.Snapshot) {
				b.ReportAllocs()
				for b.Loop() {
					list(b, s)
				}
			})
		})
	}
}
