package directory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
)

// TestDigestSegments: the digest covers the segments after that of from, up to and
// including that of to.
func TestDigestSegments(t *testing.T) {
	at := func(id uint64) artifact.Watermark { return artifact.Watermark{Segment: id, Offset: 100} }
	ids := []uint64{1, 2, 4, 7, 8}
	for _, c := range []struct {
		from, to uint64
		want     []uint64
	}{
		{0, 8, ids}, {0, 7, []uint64{1, 2, 4, 7}}, {1, 7, []uint64{2, 4, 7}}, {2, 4, []uint64{4}},
		{3, 6, []uint64{4}}, {4, 4, nil}, {7, 9, []uint64{8}}, {8, 9, nil},
	} {
		all := at(1 << 40)
		require.Equal(t, directory.DigestSegments(c.want, artifact.Watermark{}, all), directory.DigestSegments(ids, at(c.from), at(c.to)), "%d to %d", c.from, c.to)
		for _, without := range c.want {
			var others []uint64
			for _, id := range c.want {
				if id != without {
					others = append(others, id)
				}
			}
			require.NotEqual(t, directory.DigestSegments(others, artifact.Watermark{}, all), directory.DigestSegments(ids, at(c.from), at(c.to)))
		}
	}
}
