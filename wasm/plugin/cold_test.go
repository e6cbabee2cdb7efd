package plugin

import (
	"context"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/api"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// counted counts the calls of an export.
type counted struct {
	api.Function
	calls *int
}

func (c counted) CallWithStack(ctx context.Context, stack []uint64) error {
	*c.calls++
	return c.Function.CallWithStack(ctx, stack)
}

// BenchmarkCold reports the calls of an instance for a first question to the store in
// THAW_BENCH_STORE, which examples/plugin's benchmarks write.
func BenchmarkCold(b *testing.B) {
	dir := os.Getenv("THAW_BENCH_STORE")
	if dir == "" {
		b.Skip("THAW_BENCH_STORE is not set")
	}
	p, err := Load(b.Context(), wasmOf(b), cached(Options{Instances: 1}))
	require.NoError(b, err)
	defer p.Close()
	for name, region := range map[string]host.Region{
		"entity": {Entity: "order:4711"}, "scope": {Scope: "shop:7"}, "kind": {Kinds: event.Only(0x1007)},
	} {
		for _, cache := range []int{0, 512} {
			b.Run(name+"/"+strconv.Itoa(cache), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					r, err := p.OpenReader(b.Context(), dir, ReaderOptions{Cache: cache})
					require.NoError(b, err)
					calls, events := 0, 0
					m := r.current.members[0]
					m.start.f, m.step.f = counted{m.start.f, &calls}, counted{m.step.f, &calls}
					b.StartTimer()
					for _, err := range r.Query(b.Context(), region, host.Page{}) {
						require.NoError(b, err)
						events++
					}
					b.ReportMetric(float64(calls), "calls")
					b.ReportMetric(float64(events), "events")
					b.StopTimer()
					m.close()
					require.NoError(b, r.Close())
					b.StartTimer()
				}
			})
		}
	}
}
