package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
)

func statFields(t *testing.T, e env) {
	path := e.write(t, "f", pattern(1234))
	f := e.open(t, path)
	named, err := e.fs.Lstat(path)
	require.NoError(t, err)
	handle, err := f.Stat()
	require.NoError(t, err)
	for _, i := range []fsabstraction.Info{named, handle} {
		require.Equal(t, fsabstraction.Regular, i.Type)
		require.Equal(t, int64(1234), i.Size)
		// A clock may be off, but seconds or microseconds would be far off.
		require.InDelta(t, time.Now().UnixNano(), i.ModTime, float64(365*24*time.Hour))
	}
	require.Equal(t, named.ModTime, handle.ModTime)

	require.NoError(t, e.fs.MkdirAll(e.path("dir")))
	i, err := e.fs.Lstat(e.path("dir"))
	require.NoError(t, err)
	require.Equal(t, fsabstraction.Directory, i.Type)
	require.Zero(t, i.Size)

	w := e.openWrite(t, path)
	require.NoError(t, w.Truncate(77))
	for _, h := range []fsabstraction.File{f, w} {
		size, err := h.Size()
		require.NoError(t, err)
		require.Equal(t, int64(77), size, "Size is the present one")
		i, err := h.Stat()
		require.NoError(t, err)
		require.Equal(t, int64(77), i.Size)
	}
}

func statIdentity(t *testing.T, e env) {
	a, b := e.write(t, "a", []byte("same")), e.write(t, "b", []byte("same"))
	handleA, handleB := e.open(t, a), e.open(t, b)
	idA := identityOf(t, handleA)
	if !idA.Known() {
		t.Skip("the file system cannot identify files")
	}
	require.True(t, fsabstraction.SameFile(idA, identityOf(t, handleA)))
	require.True(t, fsabstraction.SameFile(idA, identityOf(t, e.open(t, a))), "two handles of one file")
	require.True(t, fsabstraction.SameFile(idA, identityOf(t, e.openWrite(t, a))))
	require.False(t, fsabstraction.SameFile(idA, identityOf(t, handleB)))
	require.Len(t, map[fsabstraction.Identity]bool{idA: true, identityOf(t, e.open(t, a)): true}, 1)

	if !e.identityAt(t, a).Known() {
		t.Skip("the file system cannot identify files by name")
	}
	require.True(t, fsabstraction.SameFile(idA, e.identityAt(t, a)))
	require.False(t, fsabstraction.SameFile(idA, e.identityAt(t, b)))
	e.need(t, ReplaceOpen)

	require.NoError(t, e.fs.Rename(b, a))
	require.True(t, fsabstraction.SameFile(idA, identityOf(t, handleA)), "a handle stays on its file")
	require.False(t, fsabstraction.SameFile(idA, e.identityAt(t, a)), "the name has another file now")
	require.True(t, fsabstraction.SameFile(identityOf(t, handleB), e.identityAt(t, a)))
}

func identityOf(t *testing.T, f fsabstraction.File) fsabstraction.Identity {
	t.Helper()
	i, err := f.Stat()
	require.NoError(t, err)
	return i.Identity
}

func (e env) identityAt(t *testing.T, path string) fsabstraction.Identity {
	t.Helper()
	i, err := e.fs.Lstat(path)
	require.NoError(t, err)
	return i.Identity
}

// statDirTimes requires of a DirTimer that every change of names changes the directory's time.
func statDirTimes(t *testing.T, e env) {
	timer, ok := e.fs.(fsabstraction.DirTimer)
	if !ok || !timer.DirTimes() {
		t.Skip("the file system has no times of directories")
	}
	now := func() int64 {
		i, err := e.fs.Lstat(e.dir)
		require.NoError(t, err)
		return i.ModTime
	}
	for _, change := range []struct {
		name string
		do   func() error
	}{
		{"create", func() error { e.write(t, "a", nil); return nil }},
		{"rename", func() error { return e.fs.Rename(e.path("a"), e.path("b")) }},
		{"create another", func() error { e.write(t, "a", nil); return nil }},
		{"replace", func() error { return e.fs.Rename(e.path("a"), e.path("b")) }},
		{"remove", func() error { return e.fs.Remove(e.path("b")) }},
	} {
		before := now()
		time.Sleep(50 * time.Millisecond) // longer than a tick of the clock
		require.NoError(t, change.do())
		require.NotEqual(t, before, now(), change.name)
	}
}
