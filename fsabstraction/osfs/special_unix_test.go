//go:build unix && !aix && !solaris

package osfs_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// A plain open of a pipe waits for its other end, so this test fails by hanging.
func TestSpecialFilesAreRefusedAtOnce(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	fsys := osfs.FS{}
	for _, path := range []string{pipe, os.DevNull} {
		t.Run(path, func(t *testing.T) {
			for op, open := range map[string]func() error{
				"Open":        func() error { _, err := fsys.Open(path); return err },
				"OpenWrite":   func() error { _, err := fsys.OpenWrite(path); return err },
				"Rename from": func() error { return fsys.Rename(path, filepath.Join(dir, "new")) },
			} {
				var refused *fsabstraction.NotRegularError
				require.ErrorAs(t, open(), &refused, op)
				require.Equal(t, fsabstraction.Other, refused.Type, op)
				require.Equal(t, path, refused.Path, op)
			}
			i, err := fsys.Lstat(path)
			require.NoError(t, err)
			require.Equal(t, fsabstraction.Other, i.Type)
			_, err = fsys.ReadDir(path)
			require.Error(t, err)
			require.Error(t, fsys.SyncDir(path))
		})
	}
	entries, err := fsys.ReadDir(dir)
	require.NoError(t, err)
	require.Equal(t, []fsabstraction.Entry{{Name: "pipe", Type: fsabstraction.Other}}, entries)
}
