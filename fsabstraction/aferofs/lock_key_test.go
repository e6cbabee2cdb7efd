package aferofs_test

import (
	"io/fs"
	"testing"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/aferofs"
)

// anonymous is a file system that cannot identify files.
type anonymous struct{ afero.Fs }

func (a anonymous) Stat(name string) (fs.FileInfo, error) {
	fi, err := a.Fs.Stat(name)
	if err != nil {
		return nil, err
	}
	return sized{fi, fi.Size()}, nil
}

func TestLockByNameWhereFilesHaveNoIdentity(t *testing.T) {
	fsys := aferofs.New(anonymous{afero.NewMemMapFs()})
	held, err := fsys.Lock("f")
	require.NoError(t, err)
	i, err := fsys.Lstat("f")
	require.NoError(t, err)
	require.False(t, i.Identity.Known())

	other, err := fsys.Lock("g")
	require.NoError(t, err)
	_, err = fsys.Lock("./f")
	require.ErrorIs(t, err, fsabstraction.ErrLocked)
	require.NoError(t, held.Unlock())
	require.NoError(t, other.Unlock())
}
