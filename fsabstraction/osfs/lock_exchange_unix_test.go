//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package osfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
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

// The name means another file only while flock opens it, or only before.
func TestCheckLockedComparesAllThree(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "lock"), filepath.Join(dir, "other")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.WriteFile(other, nil, 0o600))
	for _, test := range []struct{ before, opened string }{{path, other}, {other, path}} {
		before, err := FS{}.Lstat(test.before)
		require.NoError(t, err)
		f := flock.New(test.opened)
		_, err = f.TryLock()
		require.NoError(t, err)
		require.ErrorIs(t, checkLocked(path, f, before), errReplaced)
		require.NoError(t, f.Unlock())
	}
}

// Without the check before the open, a device would be opened and react.
func TestLockFileRefusesBeforeOpening(t *testing.T) {
	_, err := lockFile(os.DevNull)
	require.ErrorIs(t, err, fsabstraction.ErrNotRegular)
}

// TestNoLockManager checks that errors of a file system without locks, on any system,
// become errors.ErrUnsupported joined with the error itself; other failures do not.
func TestNoLockManager(t *testing.T) {
	unsupported := []syscall.Errno{syscall.ENOLCK, syscall.ENOSYS, syscall.EOPNOTSUPP, syscall.ENOTSUP, syscall.EINVAL}
	others := []syscall.Errno{
		syscall.EIO, syscall.EACCES, syscall.EPERM, syscall.EBADF, syscall.EMFILE, syscall.ESTALE, syscall.EROFS,
	}
	for i, errno := range slices.Concat(unsupported, others) {
		path := filepath.Join(t.TempDir(), "lock")
		_, err := lockOnce(path, func(*flock.Flock) (bool, error) { return false, errno })
		require.ErrorIs(t, err, errno)
		require.Equal(t, i < len(unsupported), errors.Is(err, errors.ErrUnsupported), "%v", err)
		require.ErrorContains(t, err, path)
		require.NotErrorIs(t, err, fsabstraction.ErrLocked)
		// A failed open says nothing about locks.
		_, err = lockOnce(path, func(*flock.Flock) (bool, error) {
			return false, &fs.PathError{Op: "open", Path: path, Err: errno}
		})
		require.ErrorIs(t, err, errno)
		require.Equal(t, errors.Is(errno, errors.ErrUnsupported), errors.Is(err, errors.ErrUnsupported), "%v", err)
	}
	require.Empty(t, held.ids)
}

// A signal may interrupt a lock over a network.
func TestLockInterrupted(t *testing.T) {
	calls := 0
	l, err := lockOnce(filepath.Join(t.TempDir(), "lock"), func(f *flock.Flock) (bool, error) {
		if calls++; calls < 4 {
			return false, syscall.EINTR
		}
		return f.TryLock()
	})
	require.NoError(t, err)
	require.Equal(t, 4, calls)
	require.NoError(t, l.Unlock())
}

func TestLockFailed(t *testing.T) {
	dir := t.TempDir()
	path, other, link := filepath.Join(dir, "lock"), filepath.Join(dir, "other"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.WriteFile(other, nil, 0o600))
	require.NoError(t, os.Symlink(path, link))
	before, err := FS{}.Lstat(path)
	require.NoError(t, err)
	for _, test := range []struct {
		name string
		want error
	}{
		{path, syscall.ENOLCK},
		{other, errReplaced},
		{filepath.Join(dir, "missing"), errReplaced},
		{link, fsabstraction.ErrNotRegular},
	} {
		err := lockFailed(test.name, before, syscall.ENOLCK)
		require.ErrorIs(t, err, test.want)
		require.ErrorContains(t, err, test.name)
	}
}

func TestRetryReplaced(t *testing.T) {
	calls := 0
	want := &lock{}
	l, err := retryReplaced(func() (*lock, error) {
		if calls++; calls < 3 {
			return nil, lockError("f", errReplaced)
		}
		return want, nil
	})
	require.NoError(t, err)
	require.Same(t, want, l)

	calls = 0
	_, err = retryReplaced(func() (*lock, error) {
		calls++
		return nil, lockError("f", fsabstraction.ErrLocked)
	})
	require.ErrorIs(t, err, fsabstraction.ErrLocked)
	require.Equal(t, 1, calls)

	_, err = retryReplaced(func() (*lock, error) { return nil, lockError("f", errReplaced) })
	require.ErrorIs(t, err, errReplaced)
}

// The test only renames, so errReplaced can only come from the checks around locking. Both
// files keep a name, so a leaked lock would show.
func TestLockNoticesAnExchange(t *testing.T) {
	dir := t.TempDir()
	path, next := filepath.Join(dir, "lock"), filepath.Join(dir, "next")
	files := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}
	for _, file := range files {
		require.NoError(t, os.WriteFile(file, nil, 0o600))
	}
	require.NoError(t, os.Link(files[1], path))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			for _, file := range files {
				assert.NoError(t, os.Link(file, next))
				assert.NoError(t, os.Rename(next, path))
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	noticed := 0
	for end := time.Now().Add(10 * time.Second); noticed < 20 && time.Now().Before(end); {
		held.mu.Lock()
		l, err := lockOnce(path, (*flock.Flock).TryLock)
		held.mu.Unlock()
		if err == nil {
			assert.NoError(t, l.Unlock())
			continue
		}
		assert.ErrorIs(t, err, errReplaced)
		noticed++
	}
	close(stop)
	wg.Wait()
	require.Positive(t, noticed)
	require.Empty(t, held.ids)
	for _, file := range files {
		l, err := FS{}.Lock(file)
		require.NoError(t, err)
		require.NoError(t, l.Unlock())
	}
}
