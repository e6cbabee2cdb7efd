package host

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// TestStopEndsAMerge: a merge that is going on ends when a close, or a compaction, stops it,
// and another one does its work later.
func TestStopEndsAMerge(t *testing.T) {
	fs := crashfs.New()
	o := Options{FS: fs, NoMerge: true, IndexMemory: 1}
	tuning.Set(&o, tuning.Flushes{InRotation: true, Policy: flush.Policy{CloseWeight: 1, OpenWeight: 1 << 30, CloseShare: 1, OpenShare: 1}})
	open := func() *Store {
		s, err := Open(t.Context(), "/store", o)
		require.NoError(t, err)
		return s
	}
	for _, n := range []int{50, 5, 5, 5} { // each session leaves an index file
		s := open()
		for range n {
			_, err := s.Append(t.Context(), event.At("e", "s"), event.Data, 1)
			require.NoError(t, err)
		}
		require.NoError(t, s.Close())
	}
	s := open()
	f := s.flusher
	f.policy.Policy = flush.Policy{Limit: 10, Fan: 3, BaseShare: 2}
	stopped := false
	fs.OnOp(func(op crashfs.Op) {
		if op.Kind == crashfs.Create && strings.Contains(op.Name, "scratch-") && !stopped {
			stopped = true
			f.stopping.Add(1)
		}
	})
	merged, err := f.merge(flushOpen)
	require.ErrorIs(t, err, errStopped)
	require.False(t, merged)
	require.True(t, stopped)
	f.stopping.Add(-1)
	merged, err = f.merge(flushOpen)
	require.NoError(t, err)
	require.True(t, merged)
	require.NoError(t, s.Close())
}
