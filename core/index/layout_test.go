package index

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLevels: a level of checksums has a page for every 1024 pages of the level
// below, and there are levels until at most 768 checksums are left for the
// header.
func TestLevels(t *testing.T) {
	for _, c := range []struct {
		pages  uint64 // of the artifact; one more is this file's own
		levels []uint64
	}{
		{1, nil}, {767, nil},
		{768, []uint64{1}}, {1023, []uint64{1}}, {1024, []uint64{2}}, {768*1024 - 1, []uint64{768}},
		{768 * 1024, []uint64{769, 1}}, {1024 * 1024, []uint64{1025, 2}}, {768*1024*1024 - 1, []uint64{768 * 1024, 768}},
		{768 * 1024 * 1024, []uint64{768*1024 + 1, 769, 1}},
	} {
		lay := newLayout(0, c.pages*4096, lengths{secNames: 8})
		require.Equal(t, c.pages, lay.outside)
		require.EqualValues(t, 2*4096, lay.summed)
		at, got := lay.summed, []uint64(nil)
		for _, e := range lay.levels {
			require.Equal(t, at, e.at)
			require.Zero(t, e.size%4096)
			got = append(got, e.size/4096)
			at += e.size
		}
		require.Equal(t, c.levels, got, "%d pages", c.pages)
		require.Equal(t, at, lay.length)
		top := c.pages + 1
		if len(got) > 0 {
			top = got[len(got)-1]
		}
		require.Equal(t, top, lay.top())
	}
}
