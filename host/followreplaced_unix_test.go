//go:build unix

package host_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// TestFollowReplacedBetweenPages: when somebody else refreshes a follower's reader to another
// store, between two pages of one look, no event of that store is handed out. The other store
// is a new one, or has the same first events, as a restored backup that was written to.
func TestFollowReplacedBetweenPages(t *testing.T) {
	for _, c := range []struct {
		shared int // events that both stores begin with
		want   error
	}{{0, host.ErrOtherStore}, {5, host.ErrRewritten}} {
		root := t.TempDir()
		dir, other := filepath.Join(root, "s"), filepath.Join(root, "other")
		if c.shared > 0 {
			fill(t, dir, c.shared)
			require.NoError(t, os.CopyFS(other, os.DirFS(dir)))
		}
		fill(t, dir, 4096+100) // more than a page of a follower
		fill(t, other, 4096+200)
		r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{Logger: quiet, NoMapping: true})
		require.NoError(t, err)
		defer r.Close()
		n := 0
		f := r.Follow(host.Region{}, host.Position{}, host.FollowOptions{StopAtEnd: true})
		for _, err = range f.Events(t.Context()) {
			if err != nil {
				break
			}
			if n++; n == 4096 {
				require.NoError(t, os.Rename(dir, filepath.Join(root, "old")))
				require.NoError(t, os.Rename(other, dir))
				_, err := r.Refresh(t.Context())
				require.NoError(t, err)
			}
		}
		require.ErrorIs(t, err, c.want)
		require.Equal(t, 4096, n)
		require.EqualValues(t, 4096, f.Position().Sequence)
	}
}

// fill appends n events to the store in a directory.
func fill(t *testing.T, dir string, n int) {
	st, err := host.Open(t.Context(), dir, host.Options{Durability: host.LoseUnsynced, Logger: quiet})
	require.NoError(t, err)
	items := make([]host.Item, n)
	for i := range items {
		items[i] = host.Item{At: event.At("e", "s"), Kind: event.Data, Payload: i}
	}
	_, err = st.AppendBatch(t.Context(), items)
	require.NoError(t, err)
	require.NoError(t, st.Close())
}
