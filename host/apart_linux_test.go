package host_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// TestCopyIntoLink: no link gets a copy into the store that it is made of.
func TestCopyIntoLink(t *testing.T) {
	root := t.TempDir()
	dir, link := filepath.Join(root, "store"), filepath.Join(root, "link")
	require.NoError(t, fillOS(t, dir, 2).Close())
	require.NoError(t, os.Symlink(dir, link))
	before, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, names := range [][2]string{{dir, link}, {link, dir}} {
		for _, dst := range []string{filepath.Join(names[1], "new"), filepath.Join(names[1], "a", "b")} {
			_, err := host.Salvage(t.Context(), names[0], dst, host.SalvageOptions{})
			require.ErrorContains(t, err, "lies in the store")
			_, err = host.Backup(t.Context(), names[0], dst, host.BackupOptions{})
			require.ErrorIs(t, err, host.ErrCopyInside)
			_, err = host.Fork(t.Context(), names[0], 1, dst, host.ForkOptions{})
			require.ErrorIs(t, err, host.ErrCopyInside)
		}
	}
	after, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, after, len(before))
}
