package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// TestTombstoneKeepsKey: repeating the append of an event that became a tombstone returns the first
// receipt. Appending another event under its key fails, with an error that says it was removed.
func TestTombstoneKeepsKey(t *testing.T) {
	fsys := memfs.New()
	s, err := host.Open(t.Context(), "store", compactOptions(fsys))
	require.NoError(t, err)
	key := event.ID{1, 2, 3}
	first, err := s.Append(t.Context(), event.At("e", "s"), 0x1001, "payload", host.WithKey(key))
	require.NoError(t, err)
	_, err = s.Compact(t.Context(), host.Compaction{Judge: func(event.Event) host.Verdict { return host.TombstoneEvent }})
	require.NoError(t, err)
	for range 2 { // with what the writer remembers, and from the store alone
		again, err := s.Append(t.Context(), event.At("e", "s"), 0x1001, "payload", host.WithKey(key))
		require.NoError(t, err)
		require.True(t, again.Repeated)
		require.Equal(t, first.Sequence, again.Sequence)
		_, err = s.Append(t.Context(), event.At("e", "s"), 0x1001, "other", host.WithKey(key))
		require.ErrorIs(t, err, host.ErrKey)
		require.NoError(t, s.Close())
		s, err = host.Open(t.Context(), "store", compactOptions(fsys))
		require.NoError(t, err)
	}
	_, err = s.Append(t.Context(), event.At("e", "s"), 0x1001, "other", host.WithKey(key))
	require.ErrorContains(t, err, "was removed (a tombstone is in its place) and had another payload")
	require.NoError(t, s.Close())
}
