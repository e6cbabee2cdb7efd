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

// shrinking is a source of which the end goes away, for reads and for reads again.
type shrinking struct {
	file
	gone int // bytes at the end
}

func (s *shrinking) ReadAgain(p []byte, off int64) (int, error) {
	return copy(p, s.b[off:len(s.b)-s.gone]), nil
}

// TestSeenPagesShrink: pages that were checked are not checked again, but a source that has
// become shorter is an error.
func TestSeenPagesShrink(t *testing.T) {
	good := random(2 * pages.Size)
	s := &shrinking{file: file{b: bytes.Clone(good)}}
	again := pages.NewChecked("f", s, 0, uint64(len(good)), sums(good), 0)
	f := &file{b: bytes.Clone(good)}
	plain := pages.NewChecked("f", f, 0, uint64(len(good)), sums(good), 0)
	p := make([]byte, 100)
	for _, c := range []*pages.Checked{again, plain} {
		require.NoError(t, c.CheckAll(nil))
		_, err := c.ReadAt(p, 2*pages.Size-100)
		require.NoError(t, err)
	}
	s.gone, f.b = 1, f.b[:len(f.b)-1]
	for _, c := range []*pages.Checked{again, plain} {
		_, err := c.ReadAt(p, 2*pages.Size-100)
		require.ErrorIs(t, err, source.ErrShort)
		_, err = c.ReadAt(p, 2*pages.Size-101)
		require.NoError(t, err)
	}
}

// TestForget: after Forget every page is checked again, and a page says nothing about the
// 64th after it.
func TestForget(t *testing.T) {
	good := random(130 * pages.Size)
	f := &file{b: bytes.Clone(good)}
	c := pages.NewChecked("f", f, 0, uint64(len(good)), sums(good), 0)
	p := make([]byte, 1)
	for _, page := range []int64{0, 3, 65} {
		_, err := c.ReadAt(p, page*pages.Size)
		require.NoError(t, err)
	}
	for _, page := range []int64{0, 3, 64, 65, 67, 128, 129} {
		f.b[page*pages.Size] ^= 1
	}
	for _, page := range []int64{64, 67, 128, 129} {
		_, err := c.ReadAt(p, page*pages.Size)
		require.Error(t, err, page)
	}
	for _, page := range []int64{0, 3, 65} {
		_, err := c.ReadAt(p, page*pages.Size)
		require.NoError(t, err, "page %d was checked", page)
	}
	c.Forget()
	for _, page := range []int64{0, 3, 65} {
		_, err := c.ReadAt(p, page*pages.Size)
		require.Error(t, err, page)
	}
}

// TestCheckAllReadsTheLast: also a last page that is alone in its block.
func TestCheckAllReadsTheLast(t *testing.T) {
	for _, size := range []int{64*pages.Size + 1, 65 * pages.Size, 64*pages.Size - 1} {
		b := random(size)
		s := sums(b)
		b[size-1] ^= 1
		require.Error(t, pages.NewChecked("f", &file{b: b}, 0, uint64(size), s, 0).CheckAll(nil), size)
	}
}

// generous lends everything before the asked bytes too.
type generous struct{ source.Bytes }

func (g generous) Lends() bool { return true }

func (g generous) Lend(off, n uint64, _ bool) (b []byte, start uint64, err error) {
	return g.Bytes[:off+n], 0, nil
}

// TestLendOfMore: a lender may lend from an earlier byte on.
func TestLendOfMore(t *testing.T) {
	good := random(3 * pages.Size)
	c := pages.NewChecked("f", generous{source.Bytes(good)}, pages.Size, 2*pages.Size, sums(good[pages.Size:]), 0)
	b, start, err := c.Lend(pages.Size+5, 10, true)
	require.NoError(t, err)
	require.EqualValues(t, pages.Size, start)
	require.True(t, bytes.Equal(good[2*pages.Size:], b))
}
