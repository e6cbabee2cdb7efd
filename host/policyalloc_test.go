package host_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// appender is a store or an acting store.
type appender interface {
	Append(ctx context.Context, at event.Coordinate, kind event.Kind, value any, options ...host.AppendOption) (host.Receipt, error)
}

// policyCases are a store without a policy and an acting store with three gates.
func policyCases(t testing.TB) (plain, judged appender) {
	o := host.Options{FS: crashfs.New(), Durability: host.LoseUnsynced, Logger: quiet}
	st, err := host.Open(t.Context(), "plain", o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = st.Close() })
	permits := func(p *gate.Proposal) error {
		if len(p.Payload) > 1000 {
			return errLimit
		}
		return nil
	}
	o.Policy = gate.Set(gate.New("a", permits), gate.New("b", permits), gate.New("c", permits))
	st2, err := host.Open(t.Context(), "judged", o)
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

func BenchmarkAppendPolicy(b *testing.B) {
	plain, judged := policyCases(b)
	for _, c := range []struct {
		name string
		appender
	}{{"none", plain}, {"three gates", judged}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := c.Append(b.Context(), event.At("order:1", "shop"), 0x1001, benchPayload)
				require.NoError(b, err)
			}
		})
	}
}
