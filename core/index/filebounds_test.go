package index_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/source"
)

// savedFile returns an index file of n records and its artifact. The first
// record has sequence first.
func savedFile(t *testing.T, n int, first uint64) (saved, records []byte) {
	m := plain(n)
	for i := range m.records {
		m.records[i].Sequence += first
	}
	records = m.file(t, artifact.MaxAllocator)
	tables, _ := m.open(t, true, 1)
	return saveIndex(t, tables, records, false), records
}

// TestFileLength: a file that is shorter or longer than its header says is
// refused.
func TestFileLength(t *testing.T) {
	whole, _ := savedFile(t, 100, 0)
	_, err := index.ReadFile("f", source.Bytes(whole))
	require.NoError(t, err)
	for _, by := range []int{-pages.Size, -1, 1, pages.Size, 10 * pages.Size} {
		b := slices.Concat(whole, make([]byte, 10*pages.Size))[:len(whole)+by]
		_, err := index.ReadFile("f", source.Bytes(b))
		require.ErrorIs(t, err, damage.Length, "%d bytes", by)
	}
}

// TestBelongs: an index belongs only to the artifact with the header and size
// that it was built from.
func TestBelongs(t *testing.T) {
	saved, records := savedFile(t, 100, 0)
	f, err := index.ReadFile("f", source.Bytes(saved))
	require.NoError(t, err)
	head, size := records[:artifact.HeaderSize], int64(len(records))
	require.True(t, f.Belongs(head, size))
	require.False(t, f.Belongs(head, size-1))
	require.False(t, f.Belongs(head, size+1))
	require.False(t, f.Belongs(head[:len(head)-1], size))
	for i := range head {
		other := slices.Clone(head)
		other[i] ^= 1
		require.False(t, f.Belongs(other, size))
	}
}

// TestFollows: records follow others when their first sequence is not used.
func TestFollows(t *testing.T) {
	saved, _ := savedFile(t, 10, 7)
	f, err := index.ReadFile("f", source.Bytes(saved))
	require.NoError(t, err)
	require.True(t, f.Follows(0))
	require.True(t, f.Follows(7))
	require.False(t, f.Follows(8))
	saved, _ = savedFile(t, 0, 0)
	f, err = index.ReadFile("f", source.Bytes(saved))
	require.NoError(t, err)
	require.True(t, f.Follows(1000), "no records go on from any")
}

// TestSaveFails: Save returns the error of any write.
func TestSaveFails(t *testing.T) {
	m := plain(100)
	records := m.file(t, artifact.MaxAllocator)
	tables, _ := m.open(t, true, 1)
	failed := errors.New("no")
	var offsets []int64
	for fail := 0; ; fail++ {
		in := index.Saved{Head: [artifact.HeaderSize]byte(records), Size: uint64(len(records)), Sums: new(pages.Sums)}
		in.Sums.Add(records)
		writes := 0
		err := tables.Save(in, func(off int64, _ []byte) error {
			if writes++; writes > fail {
				offsets = append(offsets, off)
				return failed
			}
			return nil
		})
		if writes <= fail {
			require.NoError(t, err)
			break
		}
		require.ErrorIs(t, err, failed, "write %d", fail)
	}
	require.Greater(t, len(offsets), 5)
	require.Zero(t, offsets[len(offsets)-1], "the header comes last")
}
