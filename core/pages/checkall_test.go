package pages_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/pages"
)

// TestCheckAllReadsAgain: CheckAll detects a page that was sound when it was
// read before.
func TestCheckAllReadsAgain(t *testing.T) {
	f := &file{b: random(70*pages.Size + 9)}
	c := checked(f)
	_, err := c.ReadAt(make([]byte, len(f.b)), 0)
	require.NoError(t, err)
	require.NoError(t, c.CheckAll(nil))
	for _, page := range []int{0, 1, 63, 64, 69, 70} {
		at := page*pages.Size + 5
		f.b[at] ^= 1
		err := c.CheckAll(nil)
		var why *damage.Refusal
		require.ErrorAs(t, err, &why)
		require.Equal(t, damage.Refusal{File: "f", Reason: damage.Checksum, Offset: int64(page * pages.Size)}, *why)
		f.b[at] ^= 1
		require.NoError(t, c.CheckAll(nil))
	}
}
