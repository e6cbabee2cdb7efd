package pages_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/source"
)

// TestReadBounds: a read that ends with a page does not touch the next one, which may be
// damaged; and a read of nothing may lie at the end.
func TestReadBounds(t *testing.T) {
	good := random(3 * pages.Size)
	f := &file{b: bytes.Clone(good)}
	f.b[2*pages.Size] ^= 1
	c := pages.NewChecked("f", f, 0, uint64(len(good)), sums(good), 0)
	for _, off := range []int64{0, 10, pages.Size, pages.Size + 7} {
		p := make([]byte, 2*pages.Size-off)
		n, err := c.ReadAt(p, off)
		require.NoError(t, err, off)
		require.True(t, bytes.Equal(good[off:2*pages.Size], p[:n]))
	}
	n, err := c.ReadAt(nil, int64(len(good)))
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = c.ReadAt(nil, int64(len(good))+1)
	require.ErrorIs(t, err, source.ErrShort)
}
