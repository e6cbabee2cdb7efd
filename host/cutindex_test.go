package host_test

import (
	"io"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// cuttingIndex is a file system on which index.fbati is cut off after it was opened, while cut
// is set.
type cuttingIndex struct {
	fsabstraction.FS
	cut *atomic.Bool
}

func (f cuttingIndex) Open(name string) (fsabstraction.File, error) {
	file, err := f.FS.Open(name)
	if err == nil && filepath.Base(name) == indexName && f.cut.Load() {
		return failingFile{file, io.EOF}, nil
	}
	return file, err
}

// TestIndexCutDuringOpen: a writer whose index was cut off while it opened the store replaces
// it, like one that was damaged before. The soak found that it refused to.
func TestIndexCutDuringOpen(t *testing.T) {
	for name, replace := range map[string]func(*host.Store) error{
		"compaction": func(s *host.Store) error {
			_, err := s.Compact(t.Context(), host.Compaction{})
			return err
		},
		"close": func(*host.Store) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			fsys := memfs.New()
			fillSessions(t, fsys, 8, 7)
			want := withoutPosition(payloadsOf(t, openQuiet(t, fsys)))
			cut := new(atomic.Bool)
			cut.Store(true)
			o := compactOptions(cuttingIndex{fsys, cut})
			o.Unlocked = true
			s, err := host.Open(t.Context(), "store", o)
			require.NoError(t, err)
			cut.Store(false)
			require.Equal(t, damage.Unreadable, s.Report().Rejected[0].Reason)
			require.NoError(t, replace(s))
			require.NoError(t, s.Close())
			require.NoError(t, s.CloseReport().IndexError)
			r := openQuiet(t, fsys)
			require.Empty(t, r.Report().Rejected)
			require.Equal(t, want, withoutPosition(payloadsOf(t, r)))
		})
	}
}

func openQuiet(t *testing.T, fsys fsabstraction.FS) *host.DirReader {
	r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: quiet})
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}
