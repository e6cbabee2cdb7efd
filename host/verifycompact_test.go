package host_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// TestVerifyBesideCompaction: a check during which a compaction replaces the files is repeated,
// and finds no damage in what belongs to two states of the store.
func TestVerifyBesideCompaction(t *testing.T) {
	for _, dropped := range []bool{false, true} {
		ctx, disk := context.Background(), memfs.New()
		for n := range 20 {
			s, err := host.Open(ctx, "orders", host.Options{FS: disk, NoMerge: true})
			require.NoError(t, err)
			_, err = s.Append(ctx, event.At("order:1", "shop"), event.Kind(0x1000+n%2), n)
			require.NoError(t, err)
			require.NoError(t, s.Close())
		}
		s, err := host.Open(ctx, "orders", host.Options{FS: disk, NoMerge: true})
		require.NoError(t, err)
		done := false
		found, err := host.Verify(ctx, "orders", host.ReaderOptions{FS: disk, NoMapping: true, OpenSegments: 1}, func(uint64, uint64) {
			if done {
				return
			}
			done = true
			_, err := s.Compact(ctx, host.Compaction{Judge: func(e event.Event) host.Verdict {
				if dropped && e.Kind == 0x1000 {
					return host.DropEvent
				}
				return host.KeepEvent
			}})
			require.NoError(t, err)
		})
		require.NoError(t, err)
		require.True(t, done)
		require.Empty(t, found.Damages)
		require.NoError(t, s.Close())
	}
}
