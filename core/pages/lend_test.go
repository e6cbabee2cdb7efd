package pages_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/internal/lending"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/source"
)

// TestLend: what is lent was checked, one page at a time, and stays right.
func TestLend(t *testing.T) {
	front := 2 * pages.Size
	b := random(front + 5*pages.Size + 700)
	part := b[front:]
	for _, flipped := range []int{-1, 0, 1, 5} { // a page
		stored := slices.Clone(b)
		if flipped >= 0 {
			stored[front+flipped*pages.Size+300] ^= 4
		}
		files := &lending.Files{Memory: map[string][]byte{"f": stored}, Most: 1}
		f, err := files.Open("f")
		require.NoError(t, err)
		c := pages.NewChecked("f", f, uint64(front), uint64(len(part)), sums(part), 0)
		require.True(t, c.Lends())
		kept := map[int][]byte{}
		for _, off := range []int{10, 4090, 4096, 9000, 20480, 20500, 8191, 10, 21179} {
			page := off / pages.Size
			_, _, err := c.Lend(uint64(off), 1, false)
			if kept[page] == nil || page != flipped {
				require.True(t, err == nil || err == source.ErrAbsent)
			}
			got, start, err := c.Lend(uint64(off), 1, true)
			if page == flipped {
				require.Equal(t, &damage.Refusal{File: "f", Reason: damage.Checksum, Offset: int64(front + page*pages.Size)}, err)
				require.Nil(t, got)
				continue
			}
			require.NoError(t, err)
			require.EqualValues(t, page*pages.Size, start)
			require.Len(t, got, min(pages.Size, len(part)-page*pages.Size))
			require.Equal(t, len(got), cap(got))
			kept[page] = got
		}
		for page, got := range kept {
			require.Equal(t, part[page*pages.Size:][:len(got)], got)
		}
		got, _, err := c.Lend(4000, 200, true)
		require.NoError(t, err)
		require.Nil(t, got, "two pages are not lent")
		_, _, err = c.Lend(uint64(len(part)), 1, true)
		require.ErrorIs(t, err, source.ErrShort)
	}
	require.False(t, checked(&file{b: b}).Lends())
}

// TestLendUnaligned: pages that are no blocks of the source are not lent, but can be read.
func TestLendUnaligned(t *testing.T) {
	b := random(3*pages.Size + 100)
	files := &lending.Files{Memory: map[string][]byte{"f": b}, Most: 1}
	f, err := files.Open("f")
	require.NoError(t, err)
	c := pages.NewChecked("f", f, 100, 3*pages.Size, sums(b[100:]), 0)
	got, _, err := c.Lend(10, 10, true)
	require.NoError(t, err)
	require.Nil(t, got)
	p := make([]byte, 10)
	_, err = c.ReadAt(p, 10)
	require.NoError(t, err)
	require.Equal(t, b[110:120], p)
}

// TestLendErrors: an error of the source is that of a read, with the place of the page or, once
// that was checked, of the bytes.
func TestLendErrors(t *testing.T) {
	b := random(3 * pages.Size)
	files := &lending.Files{Memory: map[string][]byte{"f": b}, Most: 1, Err: errors.New("input/output error")}
	f, err := files.Open("f")
	require.NoError(t, err)
	c := pages.NewChecked("f", f, 0, uint64(len(b)), sums(b), 0)
	for _, offset := range []int64{0, 70} {
		_, _, err = c.Lend(70, 5, true)
		var why *damage.Refusal
		require.ErrorAs(t, err, &why)
		require.Equal(t, damage.Unreadable, why.Reason)
		require.Equal(t, offset, why.Offset)
		require.ErrorIs(t, err, files.Err)
		_, read := c.ReadAt(make([]byte, 5), 70)
		require.Equal(t, err.Error(), read.Error())
		files.Err = nil
		_, _, err = c.Lend(70, 5, true)
		require.NoError(t, err)
		_, _, err = c.Lend(5000, 5, true) // evicts it
		require.NoError(t, err)
		files.Err = errors.New("input/output error")
	}
}
