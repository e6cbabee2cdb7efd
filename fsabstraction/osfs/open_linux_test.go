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

// TestOpenChecksWhatItOpened: after the check by name the file can be exchanged, so
// what was opened is looked at too.
func TestOpenChecksWhatItOpened(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, name := range []string{dir, pipe, os.DevNull} {
		_, err := openRegular(name, os.O_RDONLY)
		require.ErrorIs(t, err, fsabstraction.ErrNotRegular, name)
	}
}

// TestSyncDirFails: the error of a file system that cannot sync directories is
// returned.
func TestSyncDirFails(t *testing.T) {
	err := FS{}.SyncDir("/proc")
	var errno syscall.Errno
	require.True(t, errors.As(err, &errno), "%v", err)
}
