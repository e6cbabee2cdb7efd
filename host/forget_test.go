package host_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// TestForgetsFlushedEvents: a writer keeps only unflushed events in memory, and keys, clocks
// and expectations still work.
func TestForgetsFlushedEvents(t *testing.T) {
	for _, within := range []bool{true, false} {
		p := newGate().place()
		s := p.openFlushing(t, within, p.small())
		most := 0
		var first host.Receipt
		key := event.ID{15: 1}
		for i := range 600 {
			options := []host.AppendOption{host.Expect(host.AtClock(uint32(i) - 1))}
			if i == 0 {
				options = []host.AppendOption{host.WithKey(key), host.Expect(host.NoEvents)}
			}
			r, err := s.Append(t.Context(), eventAt, event.Data, "payload", options...)
			require.NoError(t, err)
			require.EqualValues(t, i, r.Sequence)
			require.EqualValues(t, i, r.Clock)
			if i == 0 {
				first = r
			}
			if i%50 == 0 {
				again, err := s.Append(t.Context(), eventAt, event.Data, "payload", host.WithKey(key))
				require.NoError(t, err)
				require.True(t, again.Repeated)
				require.Equal(t, first.Position, again.Position)
				require.Len(t, all(t, s), i+1)
			}
			most = max(most, host.Kept(s))
		}
		if within {
			require.Less(t, most, 30, "a segment, and the appends until the next one after a flush")
		}
		n := 600
		for ; host.Kept(s) >= n; n++ { // the goroutine that flushes may not have had its turn
			_, err := s.Append(t.Context(), eventAt, event.Data, "payload")
			require.NoError(t, err)
		}
		require.NoError(t, s.Close())
		require.Len(t, all(t, p.open(t, host.ReaderOptions{Strict: true})), n)
	}
}

// TestMemoryOfALongSession: the memory of a session does not grow with its appends, even if
// every event is an entity of its own and queries run.
func TestMemoryOfALongSession(t *testing.T) {
	skipRace(t)
	p := onDisk(t)
	rule := flush.DefaultPolicy()
	rule.OpenWeight = 2000
	o := host.Options{FS: p.fs, SegmentSize: 1 << 20, Logger: quiet, Durability: host.LoseUnsynced}
	tuning.Set(&o, tuning.Flushes{Policy: rule, InRotation: true})
	s, err := host.Open(t.Context(), p.dir, o)
	require.NoError(t, err)
	defer s.Close()
	n := 0
	more := func(rounds int) uint64 {
		for range rounds {
			items := make([]host.Item, 500)
			for i := range items {
				items[i] = host.Item{At: event.At(fmt.Sprint("entity-", n), "scope"), Kind: event.Data, Payload: n}
				n++
			}
			_, err := s.AppendBatch(t.Context(), items)
			require.NoError(t, err)
		}
		k, err := s.Count(t.Context(), host.Region{}, 0)
		require.NoError(t, err)
		require.EqualValues(t, n, k)
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := more(20)
	after := more(100)
	t.Logf("%d kB with 10000 events, %d kB with 60000", before>>10, after>>10)
	require.Less(t, host.Kept(s), 10_000)
	require.Less(t, after, before+6<<20) // 60000 events would be some 20 MB
}
