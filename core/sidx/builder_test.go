package sidx_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/strtab"
)

// TestBuilderPieces takes entries back on either side of where a piece of the
// builder's memory ends, and puts others there.
func TestBuilderPieces(t *testing.T) {
	for _, counts := range [][2]int{{1023, 1}, {1024, 1000}, {1025, 1023}, {1025, 1024}, {3000, 1024}, {3000, 0}, {0, 0}} {
		b := sidx.NewBuilder()
		add := func(sequence int) event.Record {
			name, err := b.Name([]byte("n"))
			require.NoError(t, err)
			r := event.Record{Facts: event.Facts{Sequence: uint64(sequence)}, Entity: name, Scope: name}
			b.Add(&r)
			return r
		}
		names := strtab.NewBuilder(false)
		names.Intern([]byte("n"))
		var entries []byte
		for i := range counts[1] {
			r := add(i)
			entries = sidx.AppendEntry(entries, &r)
		}
		mark := b.Mark()
		for i := counts[1]; i < counts[0]; i++ {
			add(1_000_000 + i)
		}
		require.Equal(t, counts[0], b.Len())
		b.Rollback(mark)
		for i := range 1500 {
			r := add(2_000_000 + i)
			entries = sidx.AppendEntry(entries, &r)
		}
		require.Equal(t, len(entries)/sidx.EntrySize, b.Len())
		want := append(names.AppendTable([]byte("x")), entries...)
		want = sidx.AppendTrailer(want, sidx.Trailer{TableOffset: 99, Entries: uint32(b.Len())})
		got := b.Append([]byte("x"), 99)
		require.Len(t, got, 1+b.Size())
		require.Equal(t, want, got)
	}
}
