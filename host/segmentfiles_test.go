package host_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// starterFS is a file system whose new segments of a compaction are Starters.
type starterFS struct {
	*memfs.FS
	start        func() error
	syncs, calls atomic.Int64
}

type starterFile struct {
	fsabstraction.WriteFile
	fs *starterFS
}

func (s *starterFS) Create(name string) (fsabstraction.WriteFile, error) {
	f, err := s.FS.Create(name)
	if err != nil || !strings.HasSuffix(name, ".fbat.swap") {
		return f, err
	}
	return &starterFile{WriteFile: f, fs: s}, nil
}

func (f *starterFile) Sync() error {
	f.fs.syncs.Add(1)
	return f.WriteFile.Sync()
}

func (f *starterFile) StartSync(int64) error {
	f.fs.calls.Add(1)
	return f.fs.start()
}

// TestSyncBesideWrites: the new segments of a compaction are on their way to the disk while more
// is written. Where that cannot be, they are synced instead; and where it fails, the store is as
// it was.
func TestSyncBesideWrites(t *testing.T) {
	broken := errors.New("broken")
	const events = 10 // 9 MB: besides the last sync two whole ones, where none can be started
	for _, test := range []struct {
		name  string
		start error
		syncs int64
		want  error
	}{
		{name: "works", syncs: 1},
		{name: "unsupported", start: errors.ErrUnsupported, syncs: 3},
		{name: "fails", start: broken, want: broken},
	} {
		t.Run(test.name, func(t *testing.T) {
			fsys := &starterFS{FS: memfs.New(), start: func() error { return test.start }}
			payload := strings.Repeat("x", 900<<10)
			for range events {
				s, err := host.Open(t.Context(), "store", compactOptions(fsys))
				require.NoError(t, err)
				_, err = s.Append(t.Context(), event.At("entity", "scope"), event.Data, payload)
				require.NoError(t, err)
				require.NoError(t, s.Close())
			}
			s, err := host.Open(t.Context(), "store", compactOptions(fsys))
			require.NoError(t, err)
			before := segmentsOf(t, fsys)
			_, err = s.Compact(t.Context(), host.Compaction{SegmentSize: 64 << 20})
			require.ErrorIs(t, err, test.want)
			require.NotZero(t, fsys.calls.Load())
			require.Equal(t, test.syncs, fsys.syncs.Load())
			if test.want == nil {
				require.Equal(t, 1, segmentsOf(t, fsys))
			} else {
				require.Equal(t, before, segmentsOf(t, fsys))
				_, err := s.Compact(t.Context(), host.Compaction{SegmentSize: 1, OnlyChanged: true})
				require.NoError(t, err)
			}
			names, err := fsys.ReadDir("store")
			require.NoError(t, err)
			for _, n := range names {
				require.NotContains(t, n.Name, ".swap")
			}
			n := 0
			for e, err := range s.Query(t.Context(), host.Region{}, host.Page{}) {
				require.NoError(t, err)
				require.Equal(t, uint64(n), e.Sequence)
				n++
			}
			require.Equal(t, events, n)
			require.NoError(t, s.Close())
		})
	}
}
