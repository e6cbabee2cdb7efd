package host_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// TestCompactEnd: a compaction gives the last segment another length. Where nothing is appended
// after it, further compactions and the close go by the new one, also in a store that was
// opened from its segments.
func TestCompactEnd(t *testing.T) {
	for _, index := range []bool{true, false} {
		for name, judge := range judges {
			t.Run(name, func(t *testing.T) {
				fsys := memfs.New()
				fillSessions(t, fsys, 4, 7)
				if !index {
					removeIndexes(t, fsys)
				}
				o := compactOptions(fsys)
				o.TailLimit = 1 // each close writes an index
				s, err := host.Open(t.Context(), "store", o)
				require.NoError(t, err)
				for i, judge := range []func(event.Event) host.Verdict{nil, judge, nil} {
					_, err := s.Compact(t.Context(), host.Compaction{Judge: judge})
					require.NoError(t, err, i)
				}
				want := withoutPosition(readable(t, s))
				require.NoError(t, s.Close())
				require.NoError(t, s.CloseReport().IndexError)
				requireSound(t, fsys)
				s, err = host.Open(t.Context(), "store", o)
				require.NoError(t, err)
				require.Equal(t, host.FromIndex, s.Report().OpenedFrom)
				require.Equal(t, want, withoutPosition(readable(t, s)))
				require.NoError(t, s.Close())
			})
		}
	}
}

// removeIndexes removes the index files of a store.
func removeIndexes(t testing.TB, fsys *memfs.FS) {
	t.Helper()
	names, err := fsys.ReadDir("store")
	require.NoError(t, err)
	for _, e := range names {
		if _, _, part := index.ParsePartName(e.Name); part || e.Name == artifact.FileName || e.Name == index.FileName {
			require.NoError(t, fsys.Remove(filepath.Join("store", e.Name)))
		}
	}
}

// readable reads the events of a reader, redacted ones without a payload.
func readable(t testing.TB, r host.Reader) (out []event.Full) {
	t.Helper()
	for e, err := range r.ReadEach(t.Context(), r.Query(t.Context(), host.Region{}, host.Page{})) {
		if err != nil {
			require.ErrorIs(t, err, host.ErrErased)
		}
		e.Payload = append([]byte(nil), e.Payload...)
		out = append(out, e)
	}
	return out
}
