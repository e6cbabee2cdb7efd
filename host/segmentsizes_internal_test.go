package host

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
)

// TestSizesAfter counts what lies after a place, of which a segment that ends there is
// no part.
func TestSizesAfter(t *testing.T) {
	l := &segmentSizes{ids: []uint64{1, 2, 5}, known: map[uint64]uint64{1: 100, 2: 200, 5: 50}}
	for _, c := range []struct {
		at              artifact.Watermark
		bytes, segments uint64
	}{
		{artifact.Watermark{}, 350, 3},
		{artifact.Watermark{Segment: 1, Offset: 99}, 251, 3},
		{artifact.Watermark{Segment: 1, Offset: 100}, 250, 2},
		{artifact.Watermark{Segment: 1, Offset: 101}, 250, 2},
		{artifact.Watermark{Segment: 3}, 50, 1},
		{artifact.Watermark{Segment: 5, Offset: 50}, 0, 0},
		{artifact.Watermark{Segment: 9}, 0, 0},
	} {
		bytes, segments := l.after(c.at)
		require.Equal(t, c.bytes, bytes, "%v", c.at)
		require.Equal(t, c.segments, segments, "%v", c.at)
	}
}
