package host

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/memfs"
)

// TestCopyRange copies ranges of a file around the size of a block, and compares the copies with
// the range and with ranges that differ in one byte.
func TestCopyRange(t *testing.T) {
	fsys := memfs.New()
	require.NoError(t, fsys.MkdirAll("d"))
	create := func(name string, b []byte) fsabstraction.WriteFile {
		f, err := fsys.Create(filepath.Join("d", name))
		require.NoError(t, err)
		_, err = f.WriteAt(b, 0)
		require.NoError(t, err)
		return f
	}
	whole := make([]byte, 2*copyBlock+100)
	for i := range whole {
		whole[i] = byte(i * i >> 7)
	}
	src := create("src", whole)
	defer func() { require.NoError(t, src.Close()) }()
	for i, c := range []struct{ from, n int64 }{
		{0, 1}, {10, 7}, {10, copyBlock - 1}, {10, copyBlock}, {10, copyBlock + 1},
		{0, 2 * copyBlock}, {0, 2*copyBlock + 1}, {3, 2*copyBlock + 97},
	} {
		name := fmt.Sprintf("%d from %d", c.n, c.from)
		copied := create(fmt.Sprint("copy", i), nil)
		require.NoError(t, copyRange(copied, src, c.from, c.from+c.n), name)
		info, err := fsys.Lstat(filepath.Join("d", fmt.Sprint("copy", i)))
		require.NoError(t, err)
		require.Equal(t, c.n, info.Size, name)
		same, err := equal(never, copied, src, c.from, c.from+c.n)
		require.NoError(t, err)
		require.True(t, same, name)
		for _, at := range []int64{0, c.n / 2, c.n - 1} {
			b := []byte{whole[c.from+at] ^ 1}
			_, err := copied.WriteAt(b, at)
			require.NoError(t, err)
			same, err := equal(never, copied, src, c.from, c.from+c.n)
			require.NoError(t, err)
			require.False(t, same, "%s: byte %d", name, at)
			b[0] ^= 1
			_, err = copied.WriteAt(b, at)
			require.NoError(t, err)
		}
		require.NoError(t, copied.Close())
	}
	copied := create("beyond", nil)
	require.Error(t, errors.Join(copyRange(copied, src, 0, int64(len(whole))+1), copied.Close()))
}
