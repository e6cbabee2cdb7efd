package host_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// TestRemovedIsNotLost: an index of before a compaction that someone put back lists events that
// the compaction dropped. They are not lost; those of a segment that is gone are.
func TestRemovedIsNotLost(t *testing.T) {
	fsys := memfs.New()
	fillSessions(t, fsys, 3, 6)
	_, err := host.Rebuild(t.Context(), "store", host.RebuildOptions{Options: compactOptions(fsys)})
	require.NoError(t, err)
	path := filepath.Join("store", artifact.FileName)
	old := bytesOf(t, fsys, path)
	s, err := host.Open(t.Context(), "store", compactOptions(fsys))
	require.NoError(t, err)
	c, err := s.Compact(t.Context(), host.Compaction{Judge: judges["drop"], SegmentSize: 1})
	require.NoError(t, err)
	require.Equal(t, uint64(6), c.Dropped)
	require.NoError(t, s.Close())
	removeIndexes(t, fsys)
	f, err := fsys.Create(path)
	require.NoError(t, err)
	_, err = f.WriteAt(old, 0)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	open := func() host.Report {
		r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: quiet})
		require.NoError(t, err)
		defer r.Close()
		return r.Report()
	}
	report := open()
	require.NotEmpty(t, report.Rejected)
	require.Empty(t, report.Damages)
	require.NoError(t, fsys.Remove(filepath.Join("store", "000003.fbat")))
	report = open()
	require.NotEmpty(t, report.Damages)
	lost := map[uint64]bool{}
	for _, d := range report.Damages {
		for _, e := range d.Events {
			lost[e.Sequence] = true
		}
	}
	require.Equal(t, map[uint64]bool{6: true, 8: true, 9: true, 11: true, 12: true, 14: true, 15: true, 17: true}, lost)
}

// TestRemovalWithoutRecord: verify says when store.thaw has no record of what a segment lacks.
func TestRemovalWithoutRecord(t *testing.T) {
	fsys := memfs.New()
	fillSessions(t, fsys, 3, 6)
	s, err := host.Open(t.Context(), "store", compactOptions(fsys))
	require.NoError(t, err)
	_, err = s.Compact(t.Context(), host.Compaction{Judge: judges["drop"]})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	for _, want := range []string{
		"events were removed; 6 of these sequences were removed",
		"events were removed; 6 of these sequences were removed; store.thaw has no record of 6 of them",
	} {
		found, err := host.Verify(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: quiet}, nil)
		require.NoError(t, err)
		require.Empty(t, found.Damages)
		var details []string
		for _, n := range found.Notes {
			if n.Topic == verify.Compacted {
				details = append(details, n.Detail)
			}
		}
		require.Equal(t, []string{want}, details)
		_ = fsys.Remove(filepath.Join("store", lineage.FileName))
	}
}

// bytesOf reads a file.
func bytesOf(t testing.TB, fsys *memfs.FS, path string) []byte {
	t.Helper()
	f, err := fsys.Open(path)
	require.NoError(t, err)
	defer f.Close()
	info, err := fsys.Lstat(path)
	require.NoError(t, err)
	b := make([]byte, info.Size)
	_, err = f.ReadAt(b, 0)
	require.NoError(t, err)
	return b
}
