package memfs_test

import (
	"io/fs"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/conformance"
	"github.com/thawlog/thaw/fsabstraction/memfs"
)

func TestConformance(t *testing.T) {
	for _, dir := range []string{"/some/store", "store", ".", "/"} {
		t.Run(dir, func(t *testing.T) {
			conformance.Run(t, func(t *testing.T) (fsabstraction.FS, string) {
				fsys := memfs.New()
				require.NoError(t, fsys.MkdirAll(dir))
				return fsys, dir
			})
		})
	}
}

func TestTooLarge(t *testing.T) {
	w, err := memfs.New().Create("f")
	require.NoError(t, err)
	require.ErrorIs(t, w.Truncate(math.MaxInt64), fs.ErrInvalid)
	_, err = w.WriteAt([]byte("x"), math.MaxInt64-1)
	require.ErrorIs(t, err, fs.ErrInvalid)
	_, err = w.WriteAt([]byte("xy"), math.MaxInt64-1)
	require.ErrorIs(t, err, fs.ErrInvalid)
}

// TestLimit: a write beyond the limit fails and changes nothing; what is cut off, removed or
// replaced can be used again.
func TestLimit(t *testing.T) {
	fsys := memfs.NewLimited(10)
	create := func(name string, n int) fsabstraction.WriteFile {
		w, err := fsys.Create(name)
		require.NoError(t, err)
		_, err = w.WriteAt(make([]byte, n), 0)
		require.NoError(t, err)
		return w
	}
	a := create("a", 6)
	b := create("b", 4)
	require.Equal(t, int64(10), fsys.Size())
	_, err := b.WriteAt([]byte("x"), 4)
	require.ErrorIs(t, err, memfs.ErrFull)
	require.ErrorIs(t, a.Truncate(7), memfs.ErrFull)
	size, err := b.Size()
	require.NoError(t, err)
	require.Equal(t, int64(4), size)
	_, err = b.WriteAt([]byte("within"[:4]), 0)
	require.NoError(t, err)

	require.NoError(t, a.Truncate(2))
	require.Equal(t, int64(6), fsys.Size())
	require.NoError(t, fsys.Rename("b", "a"))
	require.Equal(t, int64(4), fsys.Size())
	_, err = a.WriteAt(make([]byte, 100), 0)
	require.NoError(t, err, "a file without a name does not count")
	require.Equal(t, int64(4), fsys.Size())
	require.NoError(t, fsys.Remove("a"))
	require.Zero(t, fsys.Size())
	create("c", 10)
}
