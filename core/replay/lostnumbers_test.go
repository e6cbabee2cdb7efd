package replay_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/synced"
)

// TestNumbersOfLostBytes: events in lost bytes may have been acknowledged, so
// their sequences stay free: as many as can have been there, and never more
// than 2^32.
func TestNumbersOfLostBytes(t *testing.T) {
	const least = 256 // bytes of the shortest frame
	for _, c := range []struct {
		name   string
		lost   uint64 // bytes that the mark has and the store does not
		absent bool   // the mark's segment does not exist
		first  uint64 // the mark's
		next   uint64
	}{
		{name: "nothing is lost", lost: 0, next: 1},
		{name: "one byte", lost: 1, next: 2},
		{name: "nearly a frame", lost: least - 1, next: 2},
		{name: "a frame", lost: least, next: 3},
		{name: "more", lost: 10*least + 7, next: 12},
		{name: "2^40 bytes", lost: 1 << 40, next: 1 + 1<<32},
		{name: "2^62 bytes", lost: 1 << 62, next: 1 + 1<<32},
		{name: "a segment of one byte", lost: 1, absent: true, next: 2},
		{name: "a segment", lost: 10*least + 7, absent: true, next: 12},
		{name: "a segment that begins later", lost: 10*least + 7, absent: true, first: 7, next: 18},
		{name: "a segment that begins earlier", lost: 1, absent: true, first: 0, next: 2},
		{name: "a segment that begins after all sequences", lost: 1, absent: true, first: 1 << 63, next: 2},
		{name: "a segment of 2^62 bytes", lost: 1 << 62, absent: true, next: 1 + 1<<32},
		{name: "a segment as long as can be", lost: math.MaxUint64, absent: true, next: 1 + 1<<32},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newSegment(1).event(0, 1)
			mark := &synced.Mark{Segment: 1, Offset: m.size() + c.lost}
			if c.absent {
				mark = nil
			}
			s, events := marked(t, mark, m)
			want := []damage.Reason{damage.Shortened}
			if c.absent {
				s.Missing(&synced.Mark{Segment: 2, Offset: c.lost, First: c.first})
				want = []damage.Reason{damage.SegmentMissing}
			} else if c.lost == 0 {
				want = nil
			}
			require.Equal(t, same(0), events)
			var reasons []damage.Reason
			for _, d := range s.Report().Damages {
				reasons = append(reasons, d.Reason)
				require.Equal(t, c.lost, d.Length)
			}
			require.Equal(t, want, reasons)
			require.Equal(t, c.next, s.Log().Next())
		})
	}
}
