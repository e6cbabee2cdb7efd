package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// TestVerifyBesideCompaction: a check of a sound store finds no damage and does not fail when a
// compaction replaces the segments meanwhile, at any moment of it.
func TestVerifyBesideCompaction(t *testing.T) {
	again := 0
	for name, judge := range judges {
		for at := range 24 {
			fsys := memfs.New()
			fillSessions(t, fsys, 8, 7)
			s, err := host.Open(t.Context(), "store", compactOptions(fsys))
			require.NoError(t, err)
			calls, reached := 0, uint64(0)
			found, err := host.Verify(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: quiet, OpenSegments: 1}, func(done, total uint64) {
				if done < reached {
					again++
				}
				reached = done
				if calls++; calls == at {
					_, err := s.Compact(t.Context(), host.Compaction{Judge: judge})
					require.NoError(t, err)
				}
			})
			require.NoError(t, err, "%s at call %d", name, at)
			require.Empty(t, found.Damages, "%s at call %d", name, at)
			require.NoError(t, s.Close())
		}
	}
	require.Positive(t, again, "no check was begun again")
}
