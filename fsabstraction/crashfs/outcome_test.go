package crashfs_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

// step is a test's operation, which must succeed.
type step func(t *testing.T, fsys *crashfs.FS)

func onFile(name string, f func(w fsabstraction.WriteFile) error) step {
	return func(t *testing.T, fsys *crashfs.FS) {
		w, err := fsys.OpenWrite(name)
		require.NoError(t, err)
		require.NoError(t, f(w))
		require.NoError(t, w.Close())
	}
}

// write writes n bytes of c at off.
func write(name string, c byte, n int, off int64) step {
	return onFile(name, func(w fsabstraction.WriteFile) error {
		_, err := w.WriteAt(fill(c, n), off)
		return err
	})
}

func truncate(name string, size int64) step {
	return onFile(name, func(w fsabstraction.WriteFile) error { return w.Truncate(size) })
}

func sync(name string) step {
	return onFile(name, func(w fsabstraction.WriteFile) error { return w.Sync() })
}

// create creates a file of four bytes of c, synced with Sync.
func create(name string, c byte) step {
	return func(t *testing.T, fsys *crashfs.FS) {
		w, err := fsys.Create(name)
		require.NoError(t, err)
		_, err = w.WriteAt(fill(c, 4), 0)
		require.NoError(t, err)
		require.NoError(t, w.Sync())
		require.NoError(t, w.Close())
	}
}

func rename(from, to string) step {
	return func(t *testing.T, fsys *crashfs.FS) { require.NoError(t, fsys.Rename(from, to)) }
}

func remove(name string) step {
	return func(t *testing.T, fsys *crashfs.FS) { require.NoError(t, fsys.Remove(name)) }
}

func mkdir(name string) step {
	return func(t *testing.T, fsys *crashfs.FS) { require.NoError(t, fsys.MkdirAll(name)) }
}

func syncDir(name string) step {
	return func(t *testing.T, fsys *crashfs.FS) { require.NoError(t, fsys.SyncDir(name)) }
}

func fill(c byte, n int) []byte { return []byte(strings.Repeat(string(c), n)) }

func run(t *testing.T, files map[string][]byte, steps ...step) *crashfs.FS {
	fsys := crashfs.FromFiles(files)
	for _, s := range steps {
		s(t, fsys)
	}
	return fsys
}

// describe returns p as runs of equal bytes, with . for zero: "A4096 .10".
func describe(p []byte) string {
	var runs []string
	for len(p) > 0 {
		n := 1
		for n < len(p) && p[n] == p[0] {
			n++
		}
		c := string(p[0])
		if p[0] == 0 {
			c = "."
		}
		runs = append(runs, fmt.Sprintf("%s%d", c, n))
		p = p[n:]
	}
	return strings.Join(runs, " ")
}

// tree returns every name below dir, with the first byte of each file.
func tree(t *testing.T, fsys *crashfs.FS, dir string) string {
	entries, err := fsys.ReadDir(dir)
	require.NoError(t, err)
	files := fsys.Files(dir)
	var names []string
	for _, e := range entries {
		path := strings.TrimPrefix(dir+"/"+e.Name, "./")
		if e.Type == fsabstraction.Directory {
			names = append(names, strings.TrimSpace(path+"/ "+tree(t, fsys, path)))
		} else {
			names = append(names, path+"="+string(files[e.Name][:min(1, len(files[e.Name]))]))
		}
	}
	return strings.Join(names, " ")
}

// outcomes returns the results of tell for many crashes of fsys.
func outcomes(fsys *crashfs.FS, tell func(*crashfs.FS) string) []string {
	found := map[string]bool{}
	for seed := range uint64(2000) {
		found[tell(fsys.Crash(crashfs.Cut{Seed: seed, Survive: 50}))] = true
	}
	return slices.Sorted(maps.Keys(found))
}
