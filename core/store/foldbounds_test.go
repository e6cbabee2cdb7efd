package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/store"
)

// TestDigestSegments: the digest is that of the segments after the one in which from
// lies, up to and with the one in which to lies.
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

// TestFoldRuleBounds: each bound of the rule, right at it and next to it.
func TestFoldRuleBounds(t *testing.T) {
	rule := store.Rule{CloseWeight: 100, OpenWeight: 1000, CloseShare: 8, OpenShare: 2, PartShare: 2}
	const none = -1
	for _, c := range []struct {
		parts   []uint64
		tail    uint64
		closing bool
		want    int
	}{
		{nil, 0, true, none},
		{nil, 1, true, 0},
		{nil, 999, false, none},
		{nil, 1000, false, 0},
		{[]uint64{8000}, 999, true, 1},
		{[]uint64{8000}, 1000, true, 0}, // an eighth
		{[]uint64{8000}, 99, true, none},
		{[]uint64{8000}, 100, true, 1},
		{[]uint64{8000, 900}, 99, true, none},
		{[]uint64{8000, 900}, 100, true, 0}, // an eighth with the part
		{[]uint64{8000}, 3999, false, 1},
		{[]uint64{8000}, 4000, false, 0}, // half
		{[]uint64{80000, 200}, 100, true, 1},
		{[]uint64{80000, 201}, 100, true, 2},
		{[]uint64{80000, 600, 200}, 100, true, 1},
		{[]uint64{80000, 601, 200}, 100, true, 2},
	} {
		first, ok := rule.First(c.parts, store.Tail{Events: c.tail}, c.closing)
		if !ok {
			first = none
		}
		require.Equal(t, c.want, first, "%+v", c)
	}
}
