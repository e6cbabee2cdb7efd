package main

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/plugin"
)

// benchEvents returns the number of events in the benchmarks' stores: THAW_BENCH_EVENTS, by
// default a million.
func benchEvents(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("THAW_BENCH_EVENTS"))
	if err != nil {
		n = 1_000_000
	}
	return n
}

// bench is one store and all its readers.
type bench struct {
	dir    string
	plugin *plugin.Plugin
	ids    []event.ID
}

var benchShared *bench

// prepare writes the store: 20 events per entity, 5000 per scope, 36 kinds. THAW_BENCH_STORE is
// a directory that keeps it for the next run.
func prepare(b *testing.B) *bench {
	if benchShared != nil {
		return benchShared
	}
	wasm := filepath.Join(b.TempDir(), "thaw.wasm")
	code, err := os.ReadFile(sharedWASM(b))
	require.NoError(b, err)
	require.NoError(b, os.WriteFile(wasm, code, 0o600))
	p, err := plugin.LoadFile(b.Context(), wasm, plugin.Options{NoCache: true, Memory: 3 << 30, Instances: 1})
	require.NoError(b, err)
	out := &bench{dir: os.Getenv("THAW_BENCH_STORE"), plugin: p}
	if out.dir == "" {
		dir, err := os.MkdirTemp("", "thaw-bench-")
		require.NoError(b, err)
		benchDirs = append(benchDirs, dir)
		out.dir = filepath.Join(dir, "store")
	}
	n := benchEvents(b)
	if out.idsOf(b); len(out.ids) == n {
		benchShared = out
		return out
	}
	s, err := host.Open(context.Background(), out.dir, host.Options{Durability: host.LoseUnsynced})
	require.NoError(b, err)
	random := rand.New(rand.NewPCG(1, 2))
	note := string(make([]byte, 150))
	var items []host.Item
	for i := 0; i < n; i += len(items) {
		items = items[:0]
		for j := i; j < min(i+1000, n); j++ {
			item := host.Item{
				At:      event.At("order:"+strconv.Itoa(random.IntN(n/20+1)), "shop:"+strconv.Itoa(j%(n/5000+1))),
				Kind:    event.Kind(0x1000 + j%36),
				Payload: map[string]any{"n": j, "note": note},
			}
			if j%4 != 0 && len(out.ids) > 0 {
				item.Options = append(item.Options, host.CausedBy(out.ids[random.IntN(len(out.ids))]))
			}
			items = append(items, item)
		}
		receipts, err := s.AppendBatch(context.Background(), items)
		require.NoError(b, err)
		for _, r := range receipts {
			out.ids = append(out.ids, r.ID)
		}
	}
	require.NoError(b, s.Close())
	benchShared = out
	return out
}

// idsOf reads the ids of a store that an earlier run wrote.
func (w *bench) idsOf(b *testing.B) {
	if _, err := os.Stat(w.dir); err != nil {
		return
	}
	r, err := host.OpenReader(b.Context(), w.dir, host.ReaderOptions{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer r.Close()
	for e, err := range r.Query(b.Context(), host.Region{}, host.Page{}) {
		require.NoError(b, err)
		w.ids = append(w.ids, e.ID)
	}
}

var benchDirs []string

// inTurn runs each function n times, some calls of one and then some of the next, so that what
// else the machine does meets them all, and returns their times, sorted.
func inTurn(n int, each ...func(i int)) (took [][]time.Duration) {
	took = make([][]time.Duration, len(each))
	some := min(max(n/20, 1), 20)
	for from := 0; from < n; from += some {
		for k, f := range each {
			for i := from; i < min(from+some, n); i++ {
				start := time.Now()
				f(i)
				took[k] = append(took[k], time.Since(start))
			}
		}
	}
	for _, t := range took {
		slices.Sort(t)
	}
	return took
}

// BenchmarkOpen opens the store natively, by windows, and with the index copied into the
// sandbox; the copy is also reported separately.
func BenchmarkOpen(b *testing.B) {
	w := prepare(b)
	ctx := context.Background()
	index := int64(0)
	for _, name := range []string{"index.fbati", "index.thaw"} {
		info, err := os.Stat(filepath.Join(w.dir, name))
		require.NoError(b, err)
		index = max(index, info.Size())
	}
	for _, way := range []string{"native", "windows", "buffers"} {
		b.Run(way, func(b *testing.B) {
			for b.Loop() {
				var r interface {
					host.Reader
					io.Closer
				}
				var err error
				switch way {
				case "native":
					r, err = host.OpenReader(ctx, w.dir, host.ReaderOptions{Logger: slog.New(slog.DiscardHandler)})
				case "windows":
					r, err = w.plugin.OpenReader(ctx, w.dir, plugin.ReaderOptions{})
				default:
					// Segments are as large as the lookups and stay outside.
					r, err = w.plugin.OpenReader(ctx, w.dir, plugin.ReaderOptions{Buffer: index, BufferIndexOnly: true})
				}
				require.NoError(b, err)
				require.EqualValues(b, benchEvents(b), r.Report().Events)
				require.NoError(b, r.Close())
			}
		})
	}
}

// BenchmarkQuestions asks natively and through the plugin in turn. Medians: native-ns,
// plugin-ns with a cache as large as the index, 32MiB-ns with the default cache. ratio is
// plugin-ns divided by native-ns, and p10-ratio the same of the tenth percentiles, which other
// work on the machine changes less.
func BenchmarkQuestions(b *testing.B) {
	w := prepare(b)
	ctx := context.Background()
	native, err := host.OpenReader(ctx, w.dir, host.ReaderOptions{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer native.Close()
	// Native code finds every page in the system's cache, and so does the plugin with a
	// cache as large as the index; with the default one it requests many pages again.
	large, err := w.plugin.OpenReader(ctx, w.dir, plugin.ReaderOptions{Cache: 512})
	require.NoError(b, err)
	defer large.Close()
	small, err := w.plugin.OpenReader(ctx, w.dir, plugin.ReaderOptions{})
	require.NoError(b, err)
	defer small.Close()
	n := benchEvents(b)
	entities := n/20 + 1
	count := func(b *testing.B, r host.Reader, region host.Region, page host.Page) {
		for _, err := range r.Query(ctx, region, page) {
			require.NoError(b, err)
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	picks := make([]int, 4096)
	for i := range picks {
		picks[i] = random.IntN(n)
	}
	for _, q := range []struct {
		name   string
		rounds int
		ask    func(b *testing.B, r host.Reader, pick int)
	}{
		{"entity", 600, func(b *testing.B, r host.Reader, pick int) {
			count(b, r, host.Region{Entity: "order:" + strconv.Itoa(pick%entities)}, host.Page{})
		}},
		{"stream", 600, func(b *testing.B, r host.Reader, pick int) {
			for _, err := range r.Stream(ctx, "order:"+strconv.Itoa(pick%entities), host.StreamPage{}) {
				require.NoError(b, err)
			}
		}},
		{"scope", 40, func(b *testing.B, r host.Reader, pick int) {
			count(b, r, host.Region{Scope: "shop:" + strconv.Itoa(pick%(n/5000+1))}, host.Page{})
		}},
		{"kind", 10, func(b *testing.B, r host.Reader, pick int) {
			count(b, r, host.Region{Kinds: event.Only(event.Kind(0x1000 + pick%36))}, host.Page{})
		}},
		{"prefix, 20 events", 200, func(b *testing.B, r host.Reader, pick int) {
			count(b, r, host.Region{EntityPrefix: "order:1"}, host.Page{From: uint64(pick), Limit: 20})
		}},
		{"sequence", 600, func(b *testing.B, r host.Reader, pick int) {
			count(b, r, host.Region{}, host.Page{From: uint64(pick), Limit: 1})
		}},
		{"count of a scope", 600, func(b *testing.B, r host.Reader, pick int) {
			_, err := r.Count(ctx, host.Region{Scope: "shop:" + strconv.Itoa(pick%(n/5000+1))}, 0)
			require.NoError(b, err)
		}},
		{"state", 600, func(b *testing.B, r host.Reader, pick int) {
			_, err := r.State(ctx, "order:"+strconv.Itoa(pick%entities))
			require.NoError(b, err)
		}},
		{"get", 600, func(b *testing.B, r host.Reader, pick int) {
			_, err := r.Get(ctx, w.ids[pick])
			require.NoError(b, err)
		}},
		{"ancestors", 600, func(b *testing.B, r host.Reader, pick int) {
			for _, err := range r.Ancestors(ctx, w.ids[pick], 3) {
				require.NoError(b, err)
			}
		}},
		{"effects", 600, func(b *testing.B, r host.Reader, pick int) {
			for _, err := range r.Effects(ctx, w.ids[pick], 1) {
				require.NoError(b, err)
			}
		}},
		{"everything", 2, func(b *testing.B, r host.Reader, _ int) { count(b, r, host.Region{}, host.Page{}) }},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				// The same picks again: pages are checked, and caches as warm as they get.
				for range 2 {
					took := inTurn(q.rounds,
						func(i int) { q.ask(b, native, picks[i%256]) },
						func(i int) { q.ask(b, large, picks[i%256]) },
						func(i int) { q.ask(b, small, picks[i%256]) })
					at := func(k, percent int) float64 { return float64(took[k][len(took[k])*percent/100].Nanoseconds()) }
					b.ReportMetric(at(0, 50), "native-ns")
					b.ReportMetric(at(1, 50), "plugin-ns")
					b.ReportMetric(at(2, 50), "32MiB-ns")
					b.ReportMetric(at(1, 50)/at(0, 50), "ratio")
					b.ReportMetric(at(1, 10)/at(0, 10), "p10-ratio")
					b.ReportMetric(0, "ns/op")
				}
			}
		})
	}
}
