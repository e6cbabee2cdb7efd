package conformance

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
)

func renameMoves(t *testing.T, e env) {
	from := e.write(t, "from", []byte("contents"))
	require.NoError(t, e.fs.MkdirAll(e.path("dir")))
	for _, to := range []string{"to", "dir/below"} {
		require.NoError(t, e.fs.Rename(from, e.path(to)))
		_, err := e.fs.Lstat(from)
		require.ErrorIs(t, err, fs.ErrNotExist)
		e.requireContents(t, e.path(to), "contents")
		from = e.path(to)
	}
	require.NoError(t, e.fs.Rename(from, from), "onto itself")
	e.requireContents(t, from, "contents")
	e.requireNames(t, e.dir, "dir")
	e.requireNames(t, e.path("dir"), "below")
}

func renameReplaces(t *testing.T, e env) {
	from, to := e.write(t, "from", []byte("new")), e.write(t, "to", []byte("old and longer"))
	require.NoError(t, e.fs.Rename(from, to))
	e.requireContents(t, to, "new")
	e.requireNames(t, e.dir, "to")
}

func renameOverOpen(t *testing.T, e env) {
	e.need(t, ReplaceOpen)
	old := string(pattern(3000))
	to := e.write(t, "to", []byte(old))
	reader, writer := e.open(t, to), e.openWrite(t, to)
	for _, generation := range []string{"second", "third"} {
		require.NoError(t, e.fs.Rename(e.write(t, "from", []byte(generation)), to))
		require.Equal(t, old, contents(t, reader), "the open handle keeps the old contents")
		require.Equal(t, old, contents(t, writer))
		e.requireContents(t, to, generation)
	}
	_, err := writer.WriteAt([]byte("!"), 0)
	require.NoError(t, err)
	require.Equal(t, "!"+old[1:], contents(t, reader), "both are still on the old file")
	e.requireContents(t, to, "third")
	require.NoError(t, reader.Close())
	require.NoError(t, writer.Close())
	e.requireContents(t, to, "third")
	e.requireNames(t, e.dir, "to")
}

func renameOfOpen(t *testing.T, e env) {
	e.need(t, ReplaceOpen)
	from := e.write(t, "from", []byte("one"))
	w := e.openWrite(t, from)
	require.NoError(t, e.fs.Rename(from, e.path("to")))
	_, err := w.WriteAt([]byte(" two"), 3)
	require.NoError(t, err)
	e.requireContents(t, e.path("to"), "one two")
	e.write(t, "from", []byte("another"))
	require.Equal(t, "one two", contents(t, w))
}

func renameOnlyRegular(t *testing.T, e env) {
	file, dir := e.write(t, "file", []byte("x")), e.path("dir")
	require.NoError(t, e.fs.MkdirAll(dir))
	e.write(t, "dir/child", nil)
	requireNotRegular(t, e.fs.Rename(dir, e.path("new")), fsabstraction.Directory)
	requireNotRegular(t, e.fs.Rename(file, dir), fsabstraction.Directory)
	require.Error(t, e.fs.Rename(file, file+"/below"))
	e.requireNames(t, e.dir, "dir", "file")
	e.requireNames(t, dir, "child")
}

func renameLinks(t *testing.T, e env) {
	file, target := e.write(t, "file", []byte("new")), e.write(t, "target", []byte("old"))
	link := e.link(t, target, "link")
	requireNotRegular(t, e.fs.Rename(file, link), fsabstraction.Symlink)
	requireNotRegular(t, e.fs.Rename(link, e.path("new")), fsabstraction.Symlink)
	e.requireContents(t, target, "old")
	e.requireNames(t, e.dir, "file", "link", "target")
}

func removeNames(t *testing.T, e env) {
	e.write(t, "file", []byte("x"))
	e.write(t, "keep", []byte("kept"))
	require.NoError(t, e.fs.MkdirAll(e.path("dir/empty")))
	require.Error(t, e.fs.Remove(e.path("dir")), "it has an entry")
	e.requireNames(t, e.path("dir"), "empty")

	for _, name := range []string{"file", "dir/empty", "dir"} {
		require.NoError(t, e.fs.Remove(e.path(name)))
		require.ErrorIs(t, e.fs.Remove(e.path(name)), fs.ErrNotExist)
		_, err := e.fs.Lstat(e.path(name))
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	e.requireNames(t, e.dir, "keep")
	e.write(t, "file", []byte("again"))
	e.requireContents(t, e.path("file"), "again")

	if e.symlink != nil {
		require.NoError(t, e.fs.Remove(e.link(t, e.path("keep"), "link")))
		e.requireContents(t, e.path("keep"), "kept")
	}
}

func removeOpen(t *testing.T, e env) {
	e.need(t, ReplaceOpen)
	path := e.write(t, "f", []byte("old"))
	w := e.openWrite(t, path)
	require.NoError(t, e.fs.Remove(path))
	require.Equal(t, "old", contents(t, w))
	e.write(t, "f", []byte("new"))
	_, err := w.WriteAt([]byte("gone"), 0)
	require.NoError(t, err)
	require.Equal(t, "gone", contents(t, w))
	e.requireContents(t, path, "new")
}

func mkdirAll(t *testing.T, e env) {
	deep := e.path("a/b/c")
	require.NoError(t, e.fs.MkdirAll(deep))
	e.requireNames(t, e.path("a"), "b")
	f := e.write(t, "a/b/c/f", []byte("x"))
	require.NoError(t, e.fs.MkdirAll(deep), "it exists")
	require.NoError(t, e.fs.MkdirAll(e.path("a/./b/../b")), "it exists")
	e.requireContents(t, f, "x")
	require.Error(t, e.fs.MkdirAll(f), "a file is in its place")
	require.Error(t, e.fs.MkdirAll(f+"/below"), "a file is on the way")
	e.requireNames(t, deep, "f")
}
