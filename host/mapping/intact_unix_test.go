//go:build unix

package mapping

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Zeros after the end of a truncated file are never reported intact, and bytes that do not
// end in a zero always are.
func TestIntact(t *testing.T) {
	page := os.Getpagesize()
	data := pattern(4 * page)
	clear(data[page+100 : page+200])
	for cut := range 4*page + 1 {
		if cut%7 > 0 && cut%page > 0 {
			continue
		}
		path := writeFile(t, data)
		s := openSource(t, path)
		require.NoError(t, os.Truncate(path, int64(cut)))
		p := make([]byte, 50)
		for _, off := range []int{max(cut-60, 0), max(cut-50, 0), max(cut-49, 0), max(cut-1, 0), min(cut, 4*page-50), page + 150, page - 50, page - 1} {
			off = min(off, 4*page-50)
			_, ok, err := s.ReadIntact(p, int64(off))
			if err != nil {
				continue // a fault
			}
			if !bytes.Equal(p, data[off:off+50]) || off+50 > cut && p[49] == 0 {
				require.False(t, ok, "cut at %d, read at %d", cut, off)
			}
			if p[49] != 0 || off+50 <= cut && off+50 <= 3*page {
				require.True(t, ok || cut <= (off+49)/page*page+page, "cut at %d, read at %d", cut, off)
			}
		}
		require.NoError(t, s.Close())
		_, ok, err := s.ReadIntact(p, 0)
		require.False(t, ok)
		require.ErrorIs(t, err, errClosed)
	}
}
