package host_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// TestCompactCancelledAnywhere ends the context at each operation of the file system in turn:
// the compaction is done, or the store is as it was and nothing of it is left.
func TestCompactCancelledAnywhere(t *testing.T) {
	for at := 1; ; at++ {
		mem := memfs.New()
		fillSessions(t, mem, 5, 3)
		fsys := failfs.New(mem)
		o := compactOptions(mem)
		o.FS = fsys
		s, err := host.Open(t.Context(), "store", o)
		require.NoError(t, err)
		before := payloadsOf(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		fsys.Fail(failfs.Rule{Nth: 1 << 30, Match: func(failfs.Op) bool {
			if calls++; calls == at {
				cancel()
			}
			return true
		}})
		_, err = s.Compact(ctx, host.Compaction{Judge: func(e event.Event) host.Verdict {
			if e.Sequence%2 == 1 {
				return host.DropEvent
			}
			return host.KeepEvent
		}})
		cancel()
		left := before
		if err != nil {
			require.ErrorIs(t, err, context.Canceled, at)
		} else {
			left = payloadsOf(t, s)
			require.Less(t, len(left), len(before))
		}
		require.Equal(t, left, payloadsOf(t, s), at)
		require.NoError(t, s.Close())
		entries, err := mem.ReadDir("store")
		require.NoError(t, err)
		for _, e := range entries {
			require.False(t, e.Name == swap.FileName || strings.HasSuffix(e.Name, ".swap"), "%d: %s", at, e.Name)
		}
		s, err = host.Open(t.Context(), "store", compactOptions(mem))
		require.NoError(t, err, at)
		require.Equal(t, left, payloadsOf(t, s), at)
		require.NoError(t, s.Close())
		if calls < at {
			require.Greater(t, at, 40)
			return
		}
	}
}
