package conformance

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
)

type suite struct {
	newFS   func(t *testing.T) (fsabstraction.FS, string)
	symlink func(target, link string) error
	without map[Ability]string
}

// env is the environment of one subtest.
type env struct {
	suite
	fs  fsabstraction.FS
	dir string
}

func (e env) path(name string) string { return filepath.Join(e.dir, name) }

func (e env) need(t *testing.T, a Ability) {
	t.Helper()
	if reason, ok := e.without[a]; ok {
		t.Skipf("cannot %s: %s", a, reason)
	}
}

// write creates a file with contents and returns its path.
func (e env) write(t *testing.T, name string, contents []byte) string {
	t.Helper()
	path := e.path(name)
	w, err := e.fs.Create(path)
	require.NoError(t, err)
	n, err := w.WriteAt(contents, 0)
	require.NoError(t, err)
	require.Equal(t, len(contents), n)
	require.NoError(t, w.Close())
	return path
}

func (e env) open(t *testing.T, path string) fsabstraction.File {
	t.Helper()
	f, err := e.fs.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() }) // the test may have closed it
	return f
}

func (e env) openWrite(t *testing.T, path string) fsabstraction.WriteFile {
	t.Helper()
	w, err := e.fs.OpenWrite(path)
	require.NoError(t, err)
	t.Cleanup(func() { w.Close() })
	return w
}

func (e env) link(t *testing.T, target, name string) string {
	t.Helper()
	if e.symlink == nil {
		t.Skip("the file system has no symbolic links")
	}
	path := e.path(name)
	if err := e.symlink(target, path); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	return path
}

// contents reads the whole file through an open handle.
func contents(t *testing.T, f fsabstraction.File) string {
	t.Helper()
	size, err := f.Size()
	require.NoError(t, err)
	p := make([]byte, size)
	n, err := f.ReadAt(p, 0)
	require.NoError(t, err)
	require.Len(t, p, n)
	return string(p)
}

func (e env) requireContents(t *testing.T, path, want string) {
	t.Helper()
	f := e.open(t, path)
	require.Equal(t, want, contents(t, f))
	require.NoError(t, f.Close())
}

func (e env) requireNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := e.fs.ReadDir(dir)
	require.NoError(t, err)
	got := []string{}
	for _, entry := range entries {
		got = append(got, entry.Name)
	}
	require.Equal(t, append([]string{}, want...), got)
}

// pattern returns n bytes in which any few consecutive bytes identify their offset.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*31) ^ byte(i>>8) ^ byte(i>>13)
	}
	return p
}
