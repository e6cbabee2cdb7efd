package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/visibility"
)

// TestCutRanges: a copy that ends inside a hidden range hides nothing that is appended to it.
func TestCutRanges(t *testing.T) {
	ranges := visibility.Ranges{{Start: 2, End: 5}, {Start: 8, End: 12}}
	for end, want := range map[uint64]visibility.Ranges{
		2: nil, 3: {{Start: 2, End: 3}}, 5: {{Start: 2, End: 5}}, 8: {{Start: 2, End: 5}},
		9: {{Start: 2, End: 5}, {Start: 8, End: 9}}, 20: ranges,
	} {
		require.Equal(t, want, cutRanges(ranges, end), "%d", end)
	}
}
