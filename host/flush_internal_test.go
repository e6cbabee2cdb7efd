package host

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/memfs"
)

// TestFlushBehindCompaction: a flush that waited while a compaction indexed more than it was
// asked for writes nothing. Its end is that of an earlier log, with files that are gone.
func TestFlushBehindCompaction(t *testing.T) {
	ctx, o := t.Context(), Options{FS: memfs.New(), SegmentSize: 1, NoMerge: true}
	s, err := Open(ctx, "store", o)
	require.NoError(t, err)
	appended := func(entity string) {
		_, err := s.Append(ctx, event.At(entity, "s"), event.Data, 1)
		require.NoError(t, err)
	}
	appended("kept")
	appended("removed")
	_, err = s.writer.settle()
	require.NoError(t, err)
	waiting := s.versions.end() // what the sealed segment asks the flusher for
	appended("removed")
	_, err = s.Compact(ctx, Compaction{Judge: func(e event.Event) Verdict {
		if e.Entity == "removed" {
			return DropEvent
		}
		return KeepEvent
	}})
	require.NoError(t, err)
	s.flusher.flush(waiting)
	check := func() {
		n, err := s.Count(ctx, Region{}, 0)
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		state, err := s.State(ctx, "removed")
		require.NoError(t, err)
		require.False(t, state.Some)
	}
	check()
	require.NoError(t, s.Close())
	require.NoError(t, s.CloseReport().IndexError)
	s, err = Open(ctx, "store", o)
	require.NoError(t, err)
	require.Empty(t, s.Report().Rejected)
	check()
	require.NoError(t, s.Close())
}
