package mapping

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// pattern returns n nonzero bytes, so that the zeros of a truncated file show.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*31)&0x7f ^ byte(i>>8)&0x7f | 0x80
	}
	return p
}

func writeFile(t testing.TB, contents []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, contents, 0o600))
	return path
}

func openFile(t testing.TB, path string) fsabstraction.File {
	t.Helper()
	f, err := osfs.FS{}.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func openSource(t testing.TB, path string) *Source {
	t.Helper()
	f := openFile(t, path)
	s, err := Open(f)
	require.NoError(t, err)
	require.NoError(t, f.Close()) // the mapping does not need it
	t.Cleanup(func() { s.Close() })
	return s
}

// fake is a configurable mapping.
type fake struct {
	size   int
	readAt func(p []byte, off int64) (int, error)
	close  func() error
}

func (m fake) At(i int) byte {
	var p [1]byte
	_, _ = m.readAt(p[:], int64(i))
	return p[0]
}
func (m fake) Len() int                                { return m.size }
func (m fake) ReadAt(p []byte, off int64) (int, error) { return m.readAt(p, off) }
func (m fake) Close() error {
	if m.close == nil {
		return nil
	}
	return m.close()
}
