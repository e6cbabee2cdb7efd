package host_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// requireSeen asks every query for an event that was appended by itself.
func requireSeen(t *testing.T, q host.Reader, entity string, r host.Receipt, cause event.ID, total uint64) {
	full, err := q.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, r.Sequence, full.Sequence)
	n, err := q.Count(t.Context(), host.Region{}, 0)
	require.NoError(t, err)
	require.Equal(t, total, n)
	events := collect(t, q.Query(t.Context(), host.Region{}, host.Page{From: r.Sequence}))
	require.Len(t, events, 1)
	require.Equal(t, r.ID, events[0].ID)
	require.Equal(t, r.Position, events[0].Position)
	stream := collect(t, q.Stream(t.Context(), entity, host.StreamPage{}))
	require.Equal(t, r.ID, stream[len(stream)-1].ID)
	require.Contains(t, ids(collect(t, q.Correlated(t.Context(), cause))), r.ID)
	require.Contains(t, ids(collect(t, q.Effects(t.Context(), cause, 0))), r.ID)
	require.Contains(t, ids(collect(t, q.Ancestors(t.Context(), r.ID, 0))), cause)
}

// TestReadsItsOwnWrites asks after every append, over rotations, and now and then
// on the way to many.
func TestReadsItsOwnWrites(t *testing.T) {
	for _, c := range []struct {
		name     string
		size     int64
		n, every int
	}{{"each event its segment", 1, 60, 1}, {"one segment", 0, 60, 1}, {"many", 100_000, 10_000, 100}} {
		t.Run(c.name, func(t *testing.T) {
			s := newGate().place().openStore(t, host.Options{SegmentSize: c.size, Durability: host.LoseUnsynced})
			var root event.ID // a new one now and then, so that conversations stay short
			total := uint64(0)
			for i := range c.n {
				if i%200 == 0 {
					root = appendSome(t, s, "root", 1)[0].ID
					total++
				}
				entity := fmt.Sprint("e", i%500)
				r, err := s.Append(t.Context(), event.At(entity, "s"), event.Data, i, host.Correlated(root), host.CausedBy(root))
				require.NoError(t, err)
				total++
				if (i+1)%c.every == 0 {
					requireSeen(t, s, entity, r, root, total)
				}
			}
		})
	}
}

// TestStoreSnapshot pins a moment of a store that goes on, and outlives it.
func TestStoreSnapshot(t *testing.T) {
	s := newGate().place().openStore(t, host.Options{SegmentSize: 1})
	appendSome(t, s, "e", 3)
	pinned, err := s.Snapshot()
	require.NoError(t, err)
	appendSome(t, s, "e", 3)
	require.Len(t, all(t, s), 6)
	require.Len(t, all(t, pinned), 3)
	require.NoError(t, s.Close())
	for _, e := range all(t, pinned) {
		_, err := pinned.Read(t.Context(), e)
		require.NoError(t, err)
	}
	require.NoError(t, pinned.Close())
}

// TestAppendsAndQueries appends and asks from many goroutines.
func TestAppendsAndQueries(t *testing.T) {
	s := onDisk(t).openStore(t, host.Options{SegmentSize: 4000, TailLimit: 1, OpenSegments: 2, Durability: host.LoseUnsynced})
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for j := range 60 {
				r, err := s.Append(background, event.At(fmt.Sprint(i), "s"), event.Data, j)
				if !assert.NoError(t, err) {
					return
				}
				full, err := s.Get(background, r.ID)
				assert.NoError(t, err)
				assert.Equal(t, r.Sequence, full.Sequence)
				n := uint32(0)
				for e, err := range s.Stream(background, fmt.Sprint(i), host.StreamPage{}) {
					assert.NoError(t, err)
					assert.Equal(t, n, e.Clock)
					n++
				}
				assert.Equal(t, r.Clock+1, n)
			}
		})
	}
	wg.Wait()
}
