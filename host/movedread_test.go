package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// TestReadOfAnOlderQuery: events of a query before a compaction are read after it, by the store
// itself, which has no older snapshot.
func TestReadOfAnOlderQuery(t *testing.T) {
	p := newGate().place()
	s := p.openStore(t, host.Options{SegmentSize: 600, NoMerge: true})
	for i := range 12 {
		_, err := s.Append(background, event.At("entity", "s"), event.Data, i)
		require.NoError(t, err)
	}
	before := all(t, s)
	drop := func(e event.Event) host.Verdict {
		if e.Sequence == 3 {
			return host.DropEvent
		}
		return host.KeepEvent
	}
	done, err := s.Compact(t.Context(), host.Compaction{Judge: drop, SegmentSize: 1 << 20})
	require.NoError(t, err)
	require.EqualValues(t, 1, done.Dropped)

	moved := 0
	for i, now := range all(t, s) {
		old := before[i]
		if i >= 3 {
			old = before[i+1]
		}
		if old.Position != now.Position {
			moved++
		}
		full, err := s.Read(background, old)
		require.NoError(t, err)
		require.Equal(t, now.ID, full.ID)
	}
	require.Positive(t, moved)
	_, err = s.Read(background, before[3])
	require.ErrorIs(t, err, host.ErrRemoved)

	old := func(yield func(event.Event, error) bool) {
		for _, e := range before {
			if !yield(e, nil) {
				return
			}
		}
	}
	n := 0
	for full, err := range s.ReadEach(t.Context(), old) {
		if n == 3 {
			require.ErrorIs(t, err, host.ErrRemoved)
			break
		}
		require.NoError(t, err)
		require.Equal(t, before[n].ID, full.ID)
		n++
	}
	require.Equal(t, 3, n)
	require.NoError(t, s.Close())
}
