//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package osfs_test

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// A plain open of a pipe waits for its other end, so this test may fail by hanging.
func TestLockRefusesSpecialFiles(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, path := range []string{pipe, os.DevNull} {
		_, err := osfs.FS{}.Lock(path)
		var refused *fsabstraction.NotRegularError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, fsabstraction.NotRegularError{Op: "lock", Path: path, Type: fsabstraction.Other}, *refused)
	}
}

// Two names of one file share one lock.
func TestLockThroughAHardLink(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "f"), filepath.Join(dir, "link")
	held, err := osfs.FS{}.Lock(path)
	require.NoError(t, err)
	require.NoError(t, os.Link(path, link))
	_, err = osfs.FS{}.Lock(link)
	require.ErrorIs(t, err, fsabstraction.ErrLocked)
	require.NoError(t, held.Unlock())
}

// While the name is exchanged all the time, a successful Lock holds the lock of the file
// that the name means, never that of a link's target.
func TestLockWhileTheNameIsExchanged(t *testing.T) {
	dir := t.TempDir()
	path, target := filepath.Join(dir, "lock"), filepath.Join(dir, "target")
	link, file := filepath.Join(dir, "link"), filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(target, nil, 0o600))
	guard, err := osfs.FS{}.Lock(target)
	require.NoError(t, err)
	defer guard.Unlock()

	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			assert.NoError(t, os.WriteFile(file, nil, 0o600))
			assert.NoError(t, os.Rename(file, path))
			assert.NoError(t, os.Symlink(target, link))
			assert.NoError(t, os.Rename(link, path))
		}
	})
	for range 2000 {
		held, err := osfs.FS{}.Lock(path)
		if err != nil {
			// ErrLocked could only come from the target.
			assert.NotErrorIs(t, err, fsabstraction.ErrLocked)
			continue
		}
		assert.NoError(t, held.Unlock())
	}
	close(stop)
	wg.Wait()
}
