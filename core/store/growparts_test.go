package store_test

import (
	"math/bits"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/store"
)

// TestGrowParts: of n events that arrive one by one no more than log n parts are
// made, and those that arrive in ever smaller runs are merged too.
func TestGrowParts(t *testing.T) {
	for name, runs := range map[string][]int{
		"one by one": {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		"falling":    {10, 9, 8, 7, 6, 5, 4, 3, 2, 1},
	} {
		log := newSession(t, 0).begin(1)
		s, err := store.Open(directory.Memory(nil), store.Options{})
		require.NoError(t, err)
		total := 0
		for _, n := range runs {
			log.append(n)
			total += n
			s, err = s.Grow(log.log.Committed(s.Appended()), log.log.Next())
			require.NoError(t, err)
			require.LessOrEqual(t, s.Parts(), bits.Len(uint(total)), "%s: %d events", name, total)
			require.EqualValues(t, total, s.Report().Events)
		}
	}
}
