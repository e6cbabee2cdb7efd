//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows

package osfs

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
)

// Where the system locks per process, only the registry refuses a second lock; here the
// system has no lock at all.
func TestRegistryAloneRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l, err := FS{}.Lock(path)
	require.NoError(t, err)
	require.NoError(t, l.(*lock).flock.Unlock())
	_, err = FS{}.Lock(path)
	require.ErrorIs(t, err, fsabstraction.ErrLocked)
	require.NoError(t, l.Unlock())
	require.Empty(t, held.ids)
}
