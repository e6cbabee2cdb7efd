package osfs_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

func notify(t *testing.T, dir string) fsabstraction.Notices {
	n, err := osfs.FS{}.Notify(dir)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("the temporary directory is on a file system without notices")
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// TestNotify: each change of a file ends a wait that would take an hour.
func TestNotify(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	n := notify(t, dir)
	file, err := os.Create(path("a"))
	require.NoError(t, err)
	defer file.Close()
	for name, change := range map[string]func() error{
		"write":    func() error { _, err := file.WriteAt([]byte("x"), 0); return err },
		"truncate": func() error { return file.Truncate(100) },
		"create":   func() error { return os.WriteFile(path("b"), nil, 0o600) },
		"rename":   func() error { return os.Rename(path("b"), path("c")) },
		"remove":   func() error { return os.Remove(path("c")) },
		"in": func() error {
			other := filepath.Join(t.TempDir(), "d")
			return errors.Join(os.WriteFile(other, nil, 0o600), os.Rename(other, path("d")))
		},
	} {
		if name == "rename" || name == "remove" {
			require.NoError(t, os.WriteFile(path(map[string]string{"rename": "b", "remove": "c"}[name]), nil, 0o600))
		}
		require.NoError(t, n.Wait(t.Context(), time.Millisecond), "what came before")
		require.NoError(t, change(), name)
		require.NoError(t, n.Wait(t.Context(), time.Hour), name)
	}
}

func TestNotifyEnds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	require.NoError(t, os.Mkdir(dir, 0o700))
	n := notify(t, dir)
	require.NoError(t, n.Wait(t.Context(), time.Millisecond), "a time has passed")
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	time.AfterFunc(time.Millisecond, func() { cancel(why) })
	require.Equal(t, why, n.Wait(ctx, time.Hour))
	require.Equal(t, why, n.Wait(ctx, time.Hour), "it has ended")
	require.NoError(t, n.Wait(t.Context(), time.Millisecond), "another context")
	require.NoError(t, os.Rename(dir, dir+"2"))
	require.Error(t, n.Wait(t.Context(), time.Hour), "the directory was renamed")
	require.NoError(t, n.Close())
	require.Error(t, n.Wait(t.Context(), time.Hour), "closed")
}

func TestNotifyRefuses(t *testing.T) {
	_, err := osfs.FS{}.Notify(filepath.Join(t.TempDir(), "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = osfs.FS{}.Notify("/proc")
	require.ErrorIs(t, err, errors.ErrUnsupported)
}
