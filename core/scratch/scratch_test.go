package scratch_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/scratch"
	"github.com/thawlog/thaw/core/source"
)

// TestMemory: a file in memory reads as it was written, in pieces of any size.
func TestMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, err := scratch.Memory{}.Create()
		require.NoError(t, err)
		var want []byte
		for _, n := range rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 7, 65535, 65536, 65537, 200_000}), 0, 5).Draw(t, "sizes") {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(len(want) + i*7)
			}
			k, err := f.Write(b)
			require.NoError(t, err)
			require.Equal(t, n, k)
			want = append(want, b...)
			clear(b) // it keeps none
		}
		require.EqualValues(t, len(want), f.Size())
		from := rapid.IntRange(0, len(want)).Draw(t, "from")
		got := make([]byte, rapid.IntRange(0, len(want)-from).Draw(t, "n"))
		require.NoError(t, source.Read(f, got, uint64(from)))
		require.True(t, string(want[from:from+len(got)]) == string(got))
		n, err := f.ReadAt(make([]byte, len(want)-from+1), int64(from))
		require.Equal(t, len(want)-from, n)
		require.ErrorIs(t, err, source.ErrShort)
		_, err = f.ReadAt(nil, -1)
		require.Error(t, err)
		require.NoError(t, f.Close())
		require.Zero(t, f.Size())
	})
}
