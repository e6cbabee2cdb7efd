package source_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/internal/lending"
	"github.com/thawlog/thaw/core/source"
)

func lender(t require.TestingT, files *lending.Files, b []byte) source.Source {
	files.Memory = map[string][]byte{"f": b}
	f, err := files.Open("f")
	require.NoError(t, err)
	return f
}

// TestLentBytes reads parts of a source that lends from a few blocks through several windows,
// in any order: the bytes are right, and what was lent stays so.
func TestLentBytes(t *testing.T) {
	b := make([]byte, 5*lending.Size+100)
	for i := range b {
		b[i] = byte(uint32(i) * 2654435761 >> 24)
	}
	type lent struct {
		off   uint64
		bytes []byte
	}
	rapid.Check(t, func(t *rapid.T) {
		files := &lending.Files{Most: rapid.IntRange(1, 3).Draw(t, "blocks")}
		at := rapid.Uint64Range(1, 5000).Draw(t, "at") // from 0 on it might be all of the bytes, no part
		size := rapid.Uint64Max(uint64(len(b))-at).Draw(t, "size")
		part := source.Part(source.Part(lender(t, files, b), 0, at+size), at, size)
		want := b[at : at+size]
		windows := []*source.Window{source.NewWindow(part, 64), source.NewWindow(part, 4096), source.NewWindow(part, 9000)}
		var kept []lent
		for range 60 {
			w := rapid.SampledFrom(windows).Draw(t, "window")
			off, n := rapid.Uint64Max(size+10).Draw(t, "off"), rapid.Uint64Max(300).Draw(t, "n")
			inside := off <= size && n <= size-off
			got, err := w.Bytes(off, n)
			if !inside {
				require.ErrorIs(t, err, source.ErrShort)
				_, err = w.Lent(off, n, true)
				require.ErrorIs(t, err, source.ErrShort)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, want[off:off+n], append([]byte{}, got...))
			require.Equal(t, len(got), cap(got))
			if rapid.Bool().Draw(t, "absent") {
				got, err = w.Lent(off, n, false)
				if err == source.ErrAbsent {
					continue
				}
			} else {
				got, err = w.Lent(off, n, true)
			}
			require.NoError(t, err)
			if len(got) == 0 {
				require.True(t, n == 0 || (at+off)/lending.Size != (at+off+n-1)/lending.Size, "%d bytes at %d", n, at+off)
				continue
			}
			require.Equal(t, len(got), cap(got))
			kept = append(kept, lent{off, got})
			got, start, err := part.(source.Lender).Lend(off, n, true)
			require.NoError(t, err)
			require.LessOrEqual(t, start, off)
			require.LessOrEqual(t, start+uint64(len(got)), size)
			require.Equal(t, want[start:][:len(got)], got)
		}
		for _, k := range kept {
			require.Equal(t, want[k.off:][:len(k.bytes)], k.bytes, "lent at %d", k.off)
		}
	})
}

// TestLendErrors: errors of a source that lends are those of Read, and are not kept.
func TestLendErrors(t *testing.T) {
	files := &lending.Files{Most: 1}
	src := lender(t, files, make([]byte, 3*lending.Size))
	w := source.NewWindow(src, 64)
	require.True(t, w.Lends())
	require.False(t, source.NewWindow(source.Bytes(nil), 64).Lends())
	files.Err = errors.New("input/output error")
	_, err := w.Bytes(100, 10)
	require.ErrorIs(t, err, files.Err)
	require.ErrorIs(t, err, source.ErrRead)
	_, err = w.Lent(100, 10, true)
	require.ErrorIs(t, err, files.Err)
	files.Err = nil
	got, err := w.Bytes(100, 10)
	require.NoError(t, err)
	require.Len(t, got, 10)
	require.Nil(t, source.LenderOf(source.Part(&file{b: make([]byte, 9), size: 9}, 1, 3)))
	require.ErrorIs(t, source.LendError(0, source.ErrShort), source.ErrShort)
	require.Equal(t, source.ErrAbsent, source.LendError(0, source.ErrAbsent))
	_, _, err = source.Part(src, 0, 10).(source.Lender).Lend(5, 6, true)
	require.ErrorIs(t, err, source.ErrShort)
}

// announced keeps the ranges of the last Prefetch.
type announced struct {
	source.Source
	ranges []source.Range
}

func (a *announced) Prefetches() bool { return true }

func (a *announced) Prefetch(ranges []source.Range) { a.ranges = append([]source.Range{}, ranges...) }

// TestPartPrefetches: a part passes announced reads on to its source, at the source's offsets.
func TestPartPrefetches(t *testing.T) {
	a := &announced{Source: &file{b: make([]byte, 100), size: 100}}
	part := source.Part(a, 10, 50).(source.Prefetcher)
	require.True(t, part.Prefetches())
	part.Prefetch([]source.Range{{Off: 0, Len: 5}, {Off: 45, Len: 6}, {Off: 51, Len: 0}, {Off: 45, Len: 5}})
	require.Equal(t, []source.Range{{Off: 10, Len: 5}, {Off: 55, Len: 5}}, a.ranges)
	require.False(t, source.Part(a.Source, 0, 10).(source.Prefetcher).Prefetches())
	source.Part(a.Source, 0, 10).(source.Prefetcher).Prefetch(nil)
}
