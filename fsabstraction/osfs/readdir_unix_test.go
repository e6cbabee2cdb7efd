//go:build unix

package osfs_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// TestReadDirIsCheap: a name in a directory costs its string and package os's entry. A Stat
// per name, expensive in a store of many segments, allocates more.
func TestReadDirIsCheap(t *testing.T) {
	dir := t.TempDir()
	const names = 300
	for i := range names {
		require.NoError(t, os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), nil, 0o600))
	}
	one := testing.AllocsPerRun(5, func() {
		_, err := osfs.FS{}.Lstat(filepath.Join(dir, "0"))
		require.NoError(t, err)
	})
	got := testing.AllocsPerRun(5, func() {
		entries, err := osfs.FS{}.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, names)
	})
	require.Less(t, got, 2.5*names)
	require.Greater(t, one, 2.5) // or the count proves nothing
}
