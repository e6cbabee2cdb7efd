//go:build unix && !aix && !solaris

package osfs

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The file may be exchanged after the check by name, so the open itself must neither wait
// for a pipe nor follow a link.
func TestOpenWithoutTheCheckByName(t *testing.T) {
	dir := t.TempDir()
	pipe, target, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "target"), filepath.Join(dir, "link")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.NoError(t, os.WriteFile(target, nil, 0o600))
	require.NoError(t, os.Symlink(target, link))

	f, err := open(pipe, os.O_RDONLY, 0) // hangs on failure
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = open(link, os.O_RDONLY, 0)
	require.Error(t, err)
}
