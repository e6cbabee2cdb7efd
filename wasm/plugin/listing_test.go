package plugin

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// segmentFile is a segment of a listing of a store on disk.
func segmentFile(t *testing.T, dir string) (*listing, *file) {
	l, err := list(osfs.FS{}, dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.close() })
	for _, f := range l.files {
		if _, ok := segment.ParseName(f.name); ok {
			return l, f
		}
	}
	require.Fail(t, "no segment")
	return nil, nil
}

// TestIdleFilesClose closes the segments not being read, and no other.
func TestIdleFilesClose(t *testing.T) {
	l, f := segmentFile(t, copyStore(t, "rotated"))
	h, err := l.acquire(f)
	require.NoError(t, err)
	require.Zero(t, l.CloseIdle())
	_, err = h.ReadAt(make([]byte, 4), 0)
	require.NoError(t, err)
	l.release(f)
	require.Equal(t, 1, l.CloseIdle())
	require.NoError(t, l.read(f, make([]byte, 4), 0), "opened again")
}

// TestSame: another file of the same name, length and time is another listing.
func TestSame(t *testing.T) {
	dir := copyStore(t, "rotated")
	l, f := segmentFile(t, dir)
	again, _ := segmentFile(t, dir)
	require.True(t, l.same(again))

	path := filepath.Join(dir, f.name)
	info, err := os.Stat(path)
	require.NoError(t, err)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".new", b, 0o600))
	require.NoError(t, os.Chtimes(path+".new", info.ModTime(), info.ModTime()))
	require.NoError(t, os.Rename(path+".new", path))
	other, _ := segmentFile(t, dir)
	require.False(t, l.same(other))
}
