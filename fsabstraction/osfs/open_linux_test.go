package osfs

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
)

// TestOpenChecksWhatItOpened: the file may be exchanged after the check by name, so the
// open file is checked too.
func TestOpenChecksWhatItOpened(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, name := range []string{dir, pipe, os.DevNull} {
		_, err := openRegular(name, os.O_RDONLY)
		require.ErrorIs(t, err, fsabstraction.ErrNotRegular, name)
	}
}

// TestSyncDirFails checks that SyncDir returns the error of a file system that cannot sync
// directories.
func TestSyncDirFails(t *testing.T) {
	err := FS{}.SyncDir("/proc")
	var errno syscall.Errno
	require.True(t, errors.As(err, &errno), "%v", err)
}
