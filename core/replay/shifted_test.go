package replay_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/segment"
)

// TestShifted takes bytes from the begin of a segment, so that its frames lie where no index can
// list them: what remains of the header is damage, and so is a frame in its place.
func TestShifted(t *testing.T) {
	whole := thinnedSegment(t, 1, 0, 0, thinnedPart{sequence: 0}, thinnedPart{sequence: 1}, thinnedPart{sequence: 2})
	_, header, err := segment.DecodeHeader(whole)
	require.NoError(t, err)
	for n := 1; n <= header; n++ {
		files := directory.Memory{segment.Name(1): whole[n:], segment.Name(2): thinnedSegment(t, 2, 0, 0, thinnedPart{sequence: 3})}
		l, err := directory.List(files)
		require.NoError(t, err)
		require.NoError(t, l.LookFrom(0))
		log := replay.NewLog(0, 0)
		scan := replay.NewScan(log, replay.Place{}, nil)
		require.NoError(t, scan.Drive(replay.Segments{Files: files, Listing: l}))
		d := scan.Report().Damages
		require.NotEmpty(t, d)
		require.Zero(t, d[0].Offset)
		first := log.Draft().At(0).Position().Offset
		require.GreaterOrEqual(t, first, uint64(segment.MinSize))
		require.Equal(t, first, d[0].Length, "all before the first frame")
		want := 4
		if header-n < segment.MinSize {
			want = 3
		}
		require.Equal(t, want, log.Draft().Len(), n)
	}
}
