package crashfs_test

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

func TestLock(t *testing.T) {
	fsys := crashfs.New()
	require.NoError(t, fsys.MkdirAll("d"))
	require.NoError(t, fsys.SyncDir("."))
	held, err := fsys.Lock("d/lock")
	require.NoError(t, err)
	require.Len(t, fsys.Files("d"), 1)
	require.Empty(t, fsys.Crash(crashfs.Cut{}).Files("d"), "its name is not durable by itself")

	_, err = fsys.Lock("d/lock")
	require.ErrorIs(t, err, fsabstraction.ErrLocked)
	other, err := fsys.Lock("d/other")
	require.NoError(t, err)
	require.NoError(t, other.Unlock())

	require.NoError(t, held.Unlock())
	again, err := fsys.Lock("d/lock")
	require.NoError(t, err)
	require.ErrorIs(t, held.Unlock(), fs.ErrClosed)
	_, err = fsys.Lock("d/lock")
	require.ErrorIs(t, err, fsabstraction.ErrLocked, "a second Unlock frees no other holder's lock")
	require.NoError(t, again.Unlock())

	_, err = fsys.Lock("d")
	require.ErrorIs(t, err, fsabstraction.ErrNotRegular)
	_, err = fsys.Lock("no/lock")
	require.ErrorIs(t, err, fs.ErrNotExist)
}
