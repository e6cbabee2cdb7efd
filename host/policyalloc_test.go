package host_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
)

// appender is a store or an acting store.
type appender interface {
	Append(ctx context.Context, at event.Coordinate, kind event.Kind, value any, options ...host.AppendOption) (host.Receipt, error)
}

// policyCases are a store without a policy and an acting store with three gates.
func policyCases(t testing.TB) (plain, judged appender) {
	dir := t.TempDir()
	o := host.Options{Durability: host.LoseUnsynced, Logger: quiet}
	st, err := host.Open(t.Context(), filepath.Join(dir, "plain"), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = st.Close() })
	permits := func(p *gate.Proposal) error {
		if len(p.Payload) > 1000 {
			return errLimit
		}
		return nil
	}
	o.Policy = gate.Set(gate.New("a", permits), gate.New("b", permits), gate.New("c", permits))
	st2, err := host.Open(t.Context(), filepath.Join(dir, "judged"), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = st2.Close() })
	return st, st2.As(alice)
}

// TestPolicyAllocations: three gates cost at most two allocations an append.
func TestPolicyAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	plain, judged := policyCases(t)
	type order struct {
		Customer string
		Amount   int
	}
	for _, value := range []any{benchPayload, order{"Ada", 7}} {
		count := func(a appender) float64 {
			return testing.AllocsPerRun(500, func() {
				_, err := a.Append(t.Context(), event.At("order:1", "shop"), 0x1001, value)
				require.NoError(t, err)
			})
		}
		without, with := count(plain), count(judged)
		t.Logf("%T: %v without a policy, %v with", value, without, with)
		require.LessOrEqual(t, with, without+2)
	}
}

// BenchmarkAppendPolicy appends by turns without a policy and with three gates. It reports
// the medians of the turns.
func BenchmarkAppendPolicy(b *testing.B) {
	plain, judged := policyCases(b)
	const turn = 1000
	times := map[appender][]time.Duration{}
	for b.Loop() {
		for _, a := range []appender{plain, judged} {
			start := time.Now()
			for range turn {
				_, err := a.Append(b.Context(), event.At("order:1", "shop"), 0x1001, benchPayload)
				require.NoError(b, err)
			}
			times[a] = append(times[a], time.Since(start))
		}
	}
	median := func(a appender) float64 {
		slices.Sort(times[a])
		return float64(times[a][len(times[a])/2].Nanoseconds()) / turn
	}
	b.ReportMetric(median(plain), "ns/plain")
	b.ReportMetric(median(judged), "ns/judged")
}
