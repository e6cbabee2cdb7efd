package replay_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/replay"
)

// garbage adds bytes that are not a frame.
func (m *maker) garbage(n int) *maker {
	m.b = append(m.b, bytes.Repeat([]byte{0xff}, n)...)
	return m
}

// TestGarbageInABatch: bytes between BEGIN and COMMIT may have held an item,
// even when as many items are left as BEGIN announced. The batch is dropped as
// a whole, its events are named, and the events around it stay.
func TestGarbageInABatch(t *testing.T) {
	for name, m := range map[string]*maker{
		"after BEGIN":       newSegment(1).event(0, 1).begin(1, 2).garbage(300).event(1, 2).event(2, 2).commit(1),
		"between two items": newSegment(1).event(0, 1).begin(1, 2).event(1, 2).garbage(300).event(2, 2).commit(1),
		"before COMMIT":     newSegment(1).event(0, 1).begin(1, 2).event(1, 2).event(2, 2).garbage(300).commit(1),
	} {
		t.Run(name, func(t *testing.T) {
			s, events := marked(t, nil, m.event(3, 3))
			require.Equal(t, same(0, 3), events)
			r := s.Report()
			require.Len(t, r.Damages, 2)
			require.Equal(t, damage.Frame, r.Damages[0].Reason)
			d := r.Damages[1]
			require.Equal(t, damage.Batch, d.Reason)
			require.Equal(t, []damage.Touched{{ID: id(1001), Sequence: 1, Numbered: true}, {ID: id(1002), Sequence: 2, Numbered: true}}, d.Events)
		})
	}
}

// shrunk is a segment that is empty when it is read.
type shrunk struct{}

func (shrunk) Size() int64                       { return 100 }
func (shrunk) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }

// TestBatchOverASegmentThatIsCutOff: nothing is known of the unread rest of a
// segment. A batch that was open before it does not continue after it, even
// with as many items as BEGIN announced, and later events are not its items.
func TestBatchOverASegmentThatIsCutOff(t *testing.T) {
	for name, rest := range map[string]*maker{
		"its COMMIT": newSegment(3).commit(1).event(5, 60),
		"an item":    newSegment(3).event(2, 50).commit(1).event(5, 60),
		"events":     newSegment(3).event(5, 60),
	} {
		t.Run(name, func(t *testing.T) {
			s := replay.NewScan(replay.NewLog(0, 0), replay.Place{}, nil)
			require.NoError(t, s.Segment(newSegment(1).event(0, 1).begin(1, 1).event(1, 50).seal().input(false, nil)))
			require.NoError(t, s.Segment(replay.Input{ID: 2, Source: shrunk{}}))
			require.Equal(t, damage.Shortened, s.Report().Damages[0].Reason)
			require.True(t, replay.IsCutOff(s.Report().Damages[0]))
			require.NoError(t, s.Segment(rest.input(true, nil)))
			s.Finish()
			d := s.Log().Draft()
			require.Equal(t, s.Log().Committed(), d.Len())
			for i := range d.Len() {
				require.NotEqual(t, id(1001), d.At(i).ID())
			}
			require.Equal(t, id(1005), d.At(d.Len()-1).ID())
			require.NotEmpty(t, s.Report().Damages)
		})
	}
}
