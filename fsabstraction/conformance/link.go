package conformance

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
)

func (e env) linker(t *testing.T) fsabstraction.Linker {
	l, ok := e.fs.(fsabstraction.Linker)
	if !ok || errors.Is(l.Link(e.write(t, "probe", nil), e.path("probe 2")), errors.ErrUnsupported) {
		t.Skip("the file system gives no file a second name")
	}
	require.NoError(t, e.fs.Remove(e.path("probe")))
	require.NoError(t, e.fs.Remove(e.path("probe 2")))
	return l
}

func linkShares(t *testing.T, e env) {
	l := e.linker(t)
	a := e.write(t, "a", []byte("one"))
	b := e.path("b")
	require.NoError(t, l.Link(a, b))
	e.requireNames(t, e.dir, "a", "b")
	infoA, err := e.fs.Lstat(a)
	require.NoError(t, err)
	infoB, err := e.fs.Lstat(b)
	require.NoError(t, err)
	require.Equal(t, infoA.Identity, infoB.Identity)
	require.Equal(t, fsabstraction.Regular, infoB.Type)
	w := e.openWrite(t, b)
	_, err = w.WriteAt([]byte("two"), 0)
	require.NoError(t, err)
	e.requireContents(t, a, "two")

	c := e.write(t, "c", nil)
	require.ErrorIs(t, l.Link(a, c), fs.ErrExist)
	require.ErrorIs(t, l.Link(e.path("none"), e.path("d")), fs.ErrNotExist)
	require.ErrorIs(t, l.Link(a, e.path(filepath.Join("none", "d"))), fs.ErrNotExist)

	// Another file under one of the names leaves the other name alone.
	require.NoError(t, e.fs.Rename(c, b))
	e.requireContents(t, a, "two")
	e.requireContents(t, b, "")
	require.NoError(t, l.Link(a, c))
	require.NoError(t, e.fs.Remove(a))
	e.requireContents(t, c, "two")
	e.requireNames(t, e.dir, "b", "c")
}

func linkOnlyRegular(t *testing.T, e env) {
	l := e.linker(t)
	dir := e.path("dir")
	require.NoError(t, e.fs.MkdirAll(dir))
	require.ErrorIs(t, l.Link(dir, e.path("other")), fsabstraction.ErrNotRegular)
	require.ErrorIs(t, l.Link(e.link(t, dir, "link"), e.path("other")), fsabstraction.ErrNotRegular)
}

func cloneCopies(t *testing.T, e env) {
	c, ok := e.fs.(fsabstraction.Cloner)
	if !ok {
		t.Skip("the file system has no files that share bytes")
	}
	for name, content := range map[string]string{"small": "one", "empty": "", "large": string(make([]byte, 3*4096+7)) + "end"} {
		src := e.open(t, e.write(t, name, []byte(content)))
		dst, err := e.fs.Create(e.path(name + " copy"))
		require.NoError(t, err)
		err = c.Clone(dst, src)
		if errors.Is(err, errors.ErrUnsupported) {
			require.Empty(t, contents(t, dst))
			require.NoError(t, dst.Close())
			t.Skipf("no shared bytes here: %v", err)
		}
		require.NoError(t, err)
		require.Equal(t, content, contents(t, dst))
		require.NoError(t, dst.Sync())
		_, err = dst.WriteAt([]byte("other"), 0)
		require.NoError(t, err)
		require.NoError(t, dst.Close())
		require.Equal(t, content, contents(t, src))
	}
}

func (e env) dirRenamer(t *testing.T) fsabstraction.DirRenamer {
	d, ok := e.fs.(fsabstraction.DirRenamer)
	if !ok || errors.Is(d.RenameDir(e.path("none"), e.path("other")), errors.ErrUnsupported) {
		t.Skip("the file system does not rename directories")
	}
	return d
}

func renameDirMoves(t *testing.T, e env) {
	d := e.dirRenamer(t)
	require.NoError(t, e.fs.MkdirAll(e.path("from/below")))
	e.write(t, "from/file", []byte("one"))
	e.write(t, "from/below/file", []byte("two"))
	open := e.open(t, e.path("from/file"))
	require.NoError(t, d.RenameDir(e.path("from"), e.path("to")))
	e.requireNames(t, e.dir, "to")
	e.requireContents(t, e.path("to/file"), "one")
	e.requireContents(t, e.path("to/below/file"), "two")
	require.Equal(t, "one", contents(t, open))
}

func renameDirRefuses(t *testing.T, e env) {
	d := e.dirRenamer(t)
	require.NoError(t, e.fs.MkdirAll(e.path("from")))
	require.NoError(t, e.fs.MkdirAll(e.path("to")))
	file := e.write(t, "file", nil)
	require.ErrorIs(t, d.RenameDir(e.path("none"), e.path("new")), fs.ErrNotExist)
	require.Error(t, d.RenameDir(file, e.path("new")))
	require.ErrorIs(t, d.RenameDir(e.path("from"), e.path("to")), fs.ErrExist)
	require.ErrorIs(t, d.RenameDir(e.path("from"), file), fs.ErrExist)
	require.ErrorIs(t, d.RenameDir(e.path("from"), e.path("none/new")), fs.ErrNotExist)
	e.requireNames(t, e.dir, "file", "from", "to")
}
