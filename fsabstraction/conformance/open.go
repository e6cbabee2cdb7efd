package conformance

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
)

func requireNotRegular(t *testing.T, err error, want fsabstraction.Type) {
	t.Helper()
	require.ErrorIs(t, err, fsabstraction.ErrNotRegular)
	var refused *fsabstraction.NotRegularError
	require.True(t, errors.As(err, &refused))
	require.Equal(t, want, refused.Type)
	require.NotEmpty(t, refused.Op)
	require.NotEmpty(t, refused.Path)
}

func openOnlyRegular(t *testing.T, e env) {
	dir := e.path("dir")
	require.NoError(t, e.fs.MkdirAll(dir))
	f, err := e.fs.Open(dir)
	requireNotRegular(t, err, fsabstraction.Directory)
	require.Nil(t, f)
	w, err := e.fs.OpenWrite(dir)
	requireNotRegular(t, err, fsabstraction.Directory)
	require.Nil(t, w)
}

func openLinks(t *testing.T, e env) {
	target := e.write(t, "target", []byte("x"))
	for _, link := range []string{e.link(t, target, "to-file"), e.link(t, e.path("nothing"), "to-nothing")} {
		_, err := e.fs.Open(link)
		requireNotRegular(t, err, fsabstraction.Symlink)
		_, err = e.fs.OpenWrite(link)
		requireNotRegular(t, err, fsabstraction.Symlink)
		_, err = e.fs.Create(link)
		require.ErrorIs(t, err, fs.ErrExist)
	}
	_, err := e.fs.Lstat(e.path("nothing"))
	require.ErrorIs(t, err, fs.ErrNotExist, "Create went through a link")
}

func openReadOnly(t *testing.T, e env) {
	f := e.open(t, e.write(t, "f", []byte("x")))
	_, ok := f.(fsabstraction.WriteFile)
	require.False(t, ok)
	_, ok = f.(interface {
		WriteAt([]byte, int64) (int, error)
	})
	require.False(t, ok)
}

func createExclusive(t *testing.T, e env) {
	path := e.path("f")
	w, err := e.fs.Create(path)
	require.NoError(t, err)
	_, err = w.WriteAt([]byte("first"), 0)
	require.NoError(t, err)
	require.Equal(t, "first", contents(t, w), "the creating handle reads too")

	for range 2 { // with the handle open, then closed
		second, err := e.fs.Create(path)
		require.ErrorIs(t, err, fs.ErrExist)
		require.Nil(t, second)
		w.Close()
	}
	e.requireContents(t, path, "first")

	require.NoError(t, e.fs.MkdirAll(e.path("dir")))
	_, err = e.fs.Create(e.path("dir"))
	require.ErrorIs(t, err, fs.ErrExist)
}

func createNeedsDirectory(t *testing.T, e env) {
	_, err := e.fs.Create(e.path("no/f"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = e.fs.Create(e.write(t, "file", nil) + "/f")
	require.Error(t, err)
	e.requireNames(t, e.dir, "file")
}
