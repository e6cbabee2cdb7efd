//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package osfs

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
)

func TestCheckLocked(t *testing.T) {
	for _, test := range []struct {
		name     string
		exchange func(path, other string) error
		check    func(t *testing.T, err error)
	}{
		{"nothing", func(string, string) error { return nil },
			func(t *testing.T, err error) { require.NoError(t, err) }},
		{"another file", func(path, other string) error { return os.Rename(other, path) },
			func(t *testing.T, err error) { require.ErrorIs(t, err, errReplaced) }},
		{"removed", func(path, _ string) error { return os.Remove(path) },
			func(t *testing.T, err error) { require.ErrorIs(t, err, errReplaced) }},
		{"a link to the file", func(path, other string) error {
			if err := os.Rename(path, other); err != nil {
				return err
			}
			return os.Symlink(other, path)
		}, func(t *testing.T, err error) {
			var refused *fsabstraction.NotRegularError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, fsabstraction.Symlink, refused.Type)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path, other := filepath.Join(dir, "lock"), filepath.Join(dir, "other")
			require.NoError(t, os.WriteFile(path, nil, 0o600))
			require.NoError(t, os.WriteFile(other, nil, 0o600))
			before, err := FS{}.Lstat(path)
			require.NoError(t, err)
			f := flock.New(path)
			locked, err := f.TryLock()
			require.NoError(t, err)
			require.True(t, locked)
			require.NoError(t, test.exchange(path, other))
			test.check(t, checkLocked(path, f, before))
			require.NoError(t, f.Unlock())
		})
	}
}

// The file that flock opened is neither the one before nor the one after.
func TestCheckLockedComparesTheHandle(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "lock"), filepath.Join(dir, "other")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	before, err := FS{}.Lstat(path)
	require.NoError(t, err)
	f := flock.New(other)
	_, err = f.TryLock()
	require.NoError(t, err)
	require.ErrorIs(t, checkLocked(path, f, before), errReplaced)
	require.NoError(t, f.Unlock())
}

// Only renames happen here, so errReplaced can only come from the check after
// locking.
func TestLockNoticesAnExchange(t *testing.T) {
	dir := t.TempDir()
	path, next := filepath.Join(dir, "lock"), filepath.Join(dir, "next")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				assert.NoError(t, os.WriteFile(next, nil, 0o600))
				assert.NoError(t, os.Rename(next, path))
			}
		}
	})
	noticed := false
	for end := time.Now().Add(10 * time.Second); !noticed && time.Now().Before(end); {
		held.mu.Lock()
		l, err := lockOnce(path)
		held.mu.Unlock()
		if err == nil {
			assert.NoError(t, l.Unlock())
			continue
		}
		assert.ErrorIs(t, err, errReplaced)
		noticed = true
	}
	close(stop)
	wg.Wait()
	require.True(t, noticed)
	require.Empty(t, held.ids)
	l, err := FS{}.Lock(path)
	require.NoError(t, err)
	require.NoError(t, l.Unlock())
}
