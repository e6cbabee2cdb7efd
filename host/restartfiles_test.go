package host_test

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// missing is a file system on which a file cannot be opened at first.
type missing struct {
	fsabstraction.ReadFS
	name  string
	times int
}

func (m *missing) Open(name string) (fsabstraction.File, error) {
	if filepath.Base(name) == m.name && m.times > 0 {
		m.times--
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return m.ReadFS.Open(name)
}

// TestOpenAgainClosesFiles: an open that begins again because a segment went away closes what it
// had opened. The soak found seven times OpenSegments.
func TestOpenAgainClosesFiles(t *testing.T) {
	before, dir := openFiles(), t.TempDir()
	if before < 0 {
		t.Skip("no /proc")
	}
	s, err := host.Open(t.Context(), dir, host.Options{Logger: quiet, SegmentSize: 1, NoMerge: true})
	require.NoError(t, err)
	const segments, bound = 20, 8
	for n := range segments {
		appendN(t, s, n)
	}
	require.NoError(t, s.Close())
	require.NoError(t, osfs.FS{}.Remove(filepath.Join(dir, "index.fbati")))
	require.NoError(t, osfs.FS{}.Remove(filepath.Join(dir, "index.thaw")))
	fsys := &missing{ReadFS: osfs.FS{}, name: "000019.fbat", times: 3}
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{FS: fsys, Logger: quiet, OpenSegments: bound})
	require.NoError(t, err)
	require.Zero(t, fsys.times)
	require.Equal(t, uint64(segments), r.Report().Events)
	require.LessOrEqual(t, openFiles(), before+bound+1)
	require.NoError(t, r.Close())
	require.Equal(t, before, openFiles())
}
