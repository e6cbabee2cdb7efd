package artifact_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
)

// TestManyRecords crosses the ends of chunks: it adds, rolls back, cuts and
// reads records in every way, while an earlier run stays unchanged.
func TestManyRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := artifact.NewDraft()
		var model []uint64
		next := uint64(0)
		sizes := rapid.SampledFrom([]int{1, 2, 1000, 1023, 1024, 1025, 2500})
		add := func() {
			for range sizes.Draw(t, "more") {
				require.NoError(t, d.Append(&event.Facts{Sequence: next}, []byte("e"), []byte("s")))
				model, next = append(model, next), next+1
			}
		}
		add()
		kept := d.Run(0, d.Savepoint())
		want := append([]uint64(nil), model...)
		point := d.Savepoint()
		add()
		d.Rollback(point)
		model = model[:point.Records()]
		add()
		if rapid.Bool().Draw(t, "cut") {
			first := rapid.IntRange(len(want), len(model)).Draw(t, "first")
			end := rapid.IntRange(first, len(model)).Draw(t, "end")
			d.Cut(first, end)
			model = append(model[:first:first], model[end:]...)
		}
		require.Equal(t, len(want), kept.Len())
		for i, w := range want {
			require.Equal(t, w, kept.At(i).Sequence())
		}
		require.Equal(t, len(model), d.Len())
		win := source.NewWindow(d.Records(), rapid.SampledFrom([]int{1, 4096, 1 << 20}).Draw(t, "block"))
		for i, w := range model {
			require.Equal(t, w, d.At(i).Sequence())
			b, err := win.Bytes(uint64(i)*artifact.RecordSize, artifact.RecordSize)
			require.NoError(t, err)
			require.Equal(t, w, artifact.Raw(b).Sequence())
		}
		if n := len(model); n > 1 { // across the end of a chunk
			at := uint64(min(n-2, 1023)) * artifact.RecordSize
			b, err := win.Bytes(at, 2*artifact.RecordSize)
			require.NoError(t, err)
			require.Equal(t, model[min(n-2, 1023)+1], artifact.Raw(b[artifact.RecordSize:]).Sequence())
		}
	})
}
