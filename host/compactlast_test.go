package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// TestCompactLast: after the last events of an entity were dropped, what is left of it decides its
// next clock, which ids are free and which conditions hold, whether or not the store was opened again.
func TestCompactLast(t *testing.T) {
	for _, reopened := range []bool{false, true} {
		for _, dropped := range []uint64{0, 2} { // from this clock on
			for _, o := range []host.Options{{}, {Durability: host.LoseUnsynced}} {
				fsys := memfs.New()
				o.FS, o.Logger = fsys, quiet
				s, err := host.Open(t.Context(), "store", o)
				require.NoError(t, err)
				at, key := event.At("order", "shop"), event.ID{1}
				var last event.ID
				for range 4 {
					r, err := s.Append(t.Context(), at, event.Data, 1)
					require.NoError(t, err)
					last = r.ID
				}
				_, err = s.Append(t.Context(), at, event.Data, 1, host.WithKey(key))
				require.NoError(t, err)
				c, err := s.Compact(t.Context(), host.Compaction{Judge: func(e event.Event) host.Verdict {
					if uint64(e.Clock) >= dropped {
						return host.DropEvent
					}
					return host.KeepEvent
				}})
				require.NoError(t, err)
				require.Equal(t, 5-dropped, c.Dropped)
				if reopened {
					require.NoError(t, s.Close())
					s, err = host.Open(t.Context(), "store", o)
					require.NoError(t, err)
				}
				expected := host.NoEvents
				if dropped > 0 {
					expected = host.AtClock(uint32(dropped) - 1)
				}
				r, err := s.Append(t.Context(), at, event.Data, 2, host.WithKey(key), host.Expect(expected),
					host.Unless(host.Position{}, host.Region{Entity: "order", Clocks: host.ClocksBetween(uint32(dropped), 9)}))
				require.NoError(t, err)
				require.False(t, r.Repeated)
				require.Equal(t, uint32(dropped), r.Clock)
				require.Equal(t, uint64(5), r.Sequence)
				_, err = s.Append(t.Context(), event.At("other", "shop"), event.Data, 1, host.CausedBy(last))
				require.NoError(t, err)
				require.NoError(t, s.Close())
				requireSound(t, fsys)
			}
		}
	}
}

// TestDroppedLastEvents: the sequences of dropped events stay used when they were the last ones,
// with an index and after it is lost: no event gets one again, and a position after them is one
// of the store.
func TestDroppedLastEvents(t *testing.T) {
	fsys := memfs.New()
	fillSessions(t, fsys, 4, 3)
	o := compactOptions(fsys)
	o.NoMerge = true
	s, err := host.Open(t.Context(), "store", o)
	require.NoError(t, err)
	before, err := s.Position(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 12, before.Sequence)
	_, err = s.Compact(t.Context(), host.Compaction{Judge: func(e event.Event) host.Verdict {
		if e.Sequence >= 6 {
			return host.DropEvent
		}
		return host.KeepEvent
	}})
	require.NoError(t, err)
	samePosition := func(of string) {
		t.Helper()
		now, err := s.Position(t.Context())
		require.NoError(t, err)
		require.Equal(t, before, now, of)
	}
	samePosition("compacted")
	require.NoError(t, s.Close())
	s, err = host.Open(t.Context(), "store", o)
	require.NoError(t, err)
	samePosition("with the index")
	require.NoError(t, s.Close())
	for _, name := range []string{"index.fbati", "index.thaw"} {
		require.NoError(t, fsys.Remove("store/"+name))
	}
	s, err = host.Open(t.Context(), "store", o)
	require.NoError(t, err)
	samePosition("without the index")
	r, err := s.Append(t.Context(), event.At("e", "s"), event.Data, 1)
	require.NoError(t, err)
	require.EqualValues(t, 12, r.Sequence)
	require.NoError(t, s.Close())
}
