package host

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// TestTornMapping: a mapped file that is truncated reads as zeros up to the end of its
// page. A read of them goes to the file, which says that they are gone.
func TestTornMapping(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(name, bytes.Repeat([]byte{0xFF}, 2*pageSize), 0o600))
	opened, err := osfs.FS{}.Open(name)
	require.NoError(t, err)
	f := &file{file: opened, size: 2 * pageSize, mapping: true}
	p := make([]byte, 50)
	for f.mapped.Load() == nil {
		_, err := f.ReadAt(p, pageSize+200)
		require.NoError(t, err)
	}
	n, err := f.ReadAt(p, pageSize+200)
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat([]byte{0xFF}, 50), p[:n])

	require.NoError(t, os.Truncate(name, pageSize+100))
	n, err = f.ReadAt(p, pageSize+200)
	require.Error(t, err)
	require.Zero(t, n)
	n, err = f.ReadAt(p, pageSize+80) // 20 bytes are left
	require.Error(t, err)
	require.Equal(t, 20, n)
	require.NoError(t, f.close())
}
