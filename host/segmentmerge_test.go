package host_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// TestManySessions: 1,000 sessions of one event leave some dozens of files, and every event.
func TestManySessions(t *testing.T) {
	fsys := memfs.New()
	const sessions = 1000
	fillSessions(t, fsys, sessions, 1)
	names, err := fsys.ReadDir("store")
	require.NoError(t, err)
	t.Logf("%d files, %d of them segments", len(names), segmentsOf(t, fsys))
	require.LessOrEqual(t, len(names), 60)
	require.LessOrEqual(t, segmentsOf(t, fsys), 40)
	requireSound(t, fsys)
	r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fsys, Strict: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer r.Close()
	all := payloadsOf(t, r)
	require.Len(t, all, sessions)
	for n, e := range all {
		require.Equal(t, uint64(n), e.Sequence)
		require.Equal(t, event.Data+event.Kind(n%3), e.Kind)
	}
	l, err := r.Lineage(t.Context())
	require.NoError(t, err)
	require.Empty(t, l.Removals)
	require.Positive(t, l.Generation)
}

// TestNoMerge: with the option every session's segment stays.
func TestNoMerge(t *testing.T) {
	fsys := memfs.New()
	unmerged(t, fsys)
	require.Equal(t, 40, segmentsOf(t, fsys))
}

// unmerged fills a store in 40 sessions that merge nothing, and returns its options.
func unmerged(t *testing.T, fsys *memfs.FS) host.Options {
	o := compactOptions(fsys)
	o.NoMerge = true
	for n := range 40 {
		s, err := host.Open(t.Context(), "store", o)
		require.NoError(t, err)
		appendN(t, s, n)
		require.NoError(t, s.Close())
	}
	return o
}

// TestUnfinishedMergeIsLogged: a merge in the background whose files do not get their names says
// so, for there is no caller to tell. The next open finishes it.
func TestUnfinishedMergeIsLogged(t *testing.T) {
	disk := memfs.New()
	o := unmerged(t, disk)
	var log bytes.Buffer
	o.FS, o.NoMerge, o.Unlocked, o.Logger = noSwapRenames{disk}, false, true, slog.New(slog.NewTextHandler(&log, nil))
	s, err := host.Open(t.Context(), "store", o)
	require.NoError(t, err)
	appendN(t, s, 40)
	_ = s.Close()
	require.Contains(t, log.String(), "reopen the store")
	require.Contains(t, log.String(), errNoRename.Error())
	o.FS, o.NoMerge = disk, true
	s, err = host.Open(t.Context(), "store", o)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.Less(t, segmentsOf(t, disk), 40)
	requireSound(t, disk)
}
