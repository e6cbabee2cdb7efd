package host_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// TestCompactOverRot: names of an index that rotted are noticed in the middle of a compaction,
// which goes on with a repaired index and plans no event twice.
func TestCompactOverRot(t *testing.T) {
	const sessions, per = 8, 500
	for _, at := range []int64{60_000, 150_000, 250_000} {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			fsys, dir := osfs.FS{}, t.TempDir()
			for n := range sessions {
				s, err := host.Open(t.Context(), dir, compactOptions(fsys))
				require.NoError(t, err)
				var items []host.Item
				for i := range per {
					entity := fmt.Sprintf("%s%d", strings.Repeat("long", 15), n*per+i)
					items = append(items, host.Item{At: event.At(entity, "scope"), Kind: event.Data, Payload: i})
				}
				_, err = s.AppendBatch(t.Context(), items)
				require.NoError(t, err)
				require.NoError(t, s.Close())
			}
			_, err := host.Rebuild(t.Context(), dir, host.RebuildOptions{Options: compactOptions(fsys)})
			require.NoError(t, err)
			f, err := fsys.OpenWrite(filepath.Join(dir, artifact.FileName))
			require.NoError(t, err)
			b := make([]byte, 1)
			_, err = f.ReadAt(b, at)
			require.NoError(t, err)
			_, err = f.WriteAt([]byte{b[0] ^ 1}, at)
			require.NoError(t, err)
			require.NoError(t, f.Close())

			s, err := host.Open(t.Context(), dir, compactOptions(fsys))
			require.NoError(t, err)
			require.Empty(t, s.Report().Rejected)
			r, err := s.Compact(t.Context(), host.Compaction{})
			require.NoError(t, err)
			require.Equal(t, uint64(sessions*per), r.Events)
			require.Equal(t, 1, r.Segments)
			n := 0
			for e, err := range s.Query(t.Context(), host.Region{}, host.Page{}) {
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintf("%s%d", strings.Repeat("long", 15), n), e.Entity)
				n++
			}
			require.Equal(t, sessions*per, n)
			require.NoError(t, s.Close())
		})
	}
}
