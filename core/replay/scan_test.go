package replay_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/source"
)

// same returns the sequences of events that have their own number as sequence.
func same(numbers ...uint64) map[uint64]uint64 {
	m := map[uint64]uint64{}
	for _, n := range numbers {
		m[n] = n
	}
	return m
}

func TestScan(t *testing.T) {
	drop := func(i int) func([]event.Record) []event.Record {
		return func(e []event.Record) []event.Record { return append(e[:i:i], e[i+1:]...) }
	}
	shift := func(by uint64) func([]event.Record) []event.Record {
		return func(e []event.Record) []event.Record {
			for i := range e {
				e[i].Sequence += by
			}
			return e
		}
	}
	for _, c := range []struct {
		name     string
		floor    uint64
		segments []*maker
		want     map[uint64]uint64
		next     uint64
		damages  []damage.Reason
		rejected int
		gaps     int
		torn     bool
		unfinish int
	}{
		{name: "nothing", next: 0},
		{name: "single events", segments: []*maker{newSegment(1).event(0, 1).event(1, 2)}, want: same(0, 1), next: 2},
		{name: "numbered from the floor", floor: 60, segments: []*maker{newSegment(1).event(0, 1)},
			want: map[uint64]uint64{0: 60}, next: 61},
		{name: "a footer gives sequences", segments: []*maker{newSegment(1).event(0, 1).event(1, 1).seal(shift(7))},
			want: map[uint64]uint64{0: 7, 1: 8}, next: 9, gaps: 1},
		{name: "a footer below the floor is right", floor: 99, segments: []*maker{newSegment(1).event(0, 1).seal()},
			want: same(0), next: 1},
		{name: "a footer that repeats numbers is not believed",
			segments: []*maker{newSegment(1).event(0, 1).event(1, 1).seal(), newSegment(2).event(2, 1).seal(func(e []event.Record) []event.Record {
				e[0].Sequence = 1
				return e
			})}, want: same(0, 1, 2), next: 3, rejected: 1},
		{name: "a footer that leaves an event out is not believed",
			segments: []*maker{newSegment(1).event(0, 1).event(1, 1).seal(drop(0))}, want: same(0, 1), next: 2, rejected: 1},
		{name: "a batch", segments: []*maker{newSegment(1).begin(0, 2).event(0, 1).event(1, 1).commit(0).event(2, 2)},
			want: same(0, 1, 2), next: 3},
		{name: "an empty batch", segments: []*maker{newSegment(1).begin(0, 0).commit(0).event(0, 2)}, want: same(0), next: 1},
		{name: "a batch without COMMIT does not exist",
			segments: []*maker{newSegment(1).event(0, 1).begin(1, 2).event(1, 5).event(2, 5)},
			want:     same(0), next: 1, unfinish: 1},
		{name: "a batch goes on after a rotation",
			segments: []*maker{newSegment(1).begin(0, 2).event(0, 1).seal(), newSegment(2).event(1, 1).commit(0)},
			want:     same(0, 1), next: 2},
		{name: "batpak's footers of a batch over a rotation (D19)",
			segments: []*maker{
				newSegment(1).begin(0, 2).event(0, 1).seal(drop(0)),
				newSegment(2).event(1, 1).commit(0).seal(func(e []event.Record) []event.Record {
					return append([]event.Record{{Facts: event.Facts{Position: event.Position{Offset: 57, Length: 400}}}}, e...)
				}),
			}, want: same(0, 1), next: 2, rejected: 1},
		{name: "a batch does not go on after an unclean stop",
			segments: []*maker{newSegment(1).begin(0, 2).event(0, 1), newSegment(2).event(1, 1).event(2, 2)},
			want:     map[uint64]uint64{1: 0, 2: 1}, next: 2, unfinish: 1},
		{name: "events after a failed batch are kept (D18)",
			segments: []*maker{newSegment(1).begin(0, 3).event(0, 5).event(1, 6).event(2, 7).event(3, 8)},
			want:     map[uint64]uint64{1: 0, 2: 1, 3: 2}, next: 3, unfinish: 1},
		{name: "events after a batch that failed before its first item",
			segments: []*maker{newSegment(1).event(0, 1).begin(1, 3).event(1, 80).event(2, 81).event(3, 82)},
			want:     same(0, 1, 2, 3), next: 4, unfinish: 1},
		{name: "a footer wins over the guess that a damaged batch was committed",
			segments: []*maker{
				newSegment(1).event(0, 1).event(1, 2).begin(2, 3).event(12, 50).event(13, 50).flip(4),
				newSegment(2).event(2, 60).event(3, 61).event(4, 62).seal(),
			}, want: same(0, 1, 2, 3, 4), next: 5, damages: []damage.Reason{damage.Checksum, damage.Batch}},
		{name: "a footer wins over the guess that a damaged frame had a number",
			segments: []*maker{newSegment(1).event(0, 1).event(9, 2).event(1, 3).flip(1), newSegment(2).event(2, 60).seal()},
			want:     same(0, 1, 2), next: 3, damages: []damage.Reason{damage.Checksum}},
		{name: "an entry that says another thing keeps its sequence",
			segments: []*maker{newSegment(1).event(0, 1).event(1, 1).seal(shift(7), func(e []event.Record) []event.Record {
				e[1].Clock ^= 4
				return e
			})}, want: map[uint64]uint64{0: 7, 1: 8}, next: 9, gaps: 1, rejected: 1},
		{name: "a footer with a damaged trailer keeps its sequences",
			segments: []*maker{newSegment(1).event(0, 1).event(1, 1).seal(shift(7)).change(-1, 'x')},
			want:     map[uint64]uint64{0: 7, 1: 8}, next: 9, gaps: 1, rejected: 1},
		{name: "a footer whose last byte is gone keeps its sequences",
			segments: []*maker{newSegment(1).event(0, 1).event(1, 1).seal(shift(7)).cut(1)},
			want:     map[uint64]uint64{0: 7, 1: 8}, next: 9, gaps: 1, rejected: 1},
		{name: "the first segment is missing",
			segments: []*maker{newSegment(2).event(4, 1).seal()}, want: same(4), next: 5, damages: []damage.Reason{damage.SegmentMissing}},
		{name: "a batch after a failed batch",
			segments: []*maker{newSegment(1).begin(0, 3).event(0, 5).begin(9, 1).event(1, 6).commit(9)},
			want:     map[uint64]uint64{1: 0}, next: 1, unfinish: 1},
		{name: "a COMMIT with another count",
			segments: []*maker{newSegment(1).begin(0, 3).event(0, 5).event(1, 5).commit(0).event(2, 6)},
			want:     same(2), next: 3, damages: []damage.Reason{damage.Batch}},
		{name: "a COMMIT of another batch",
			segments: []*maker{newSegment(1).begin(0, 1).event(0, 5).commit(3).event(1, 6)},
			want:     same(1), next: 2, damages: []damage.Reason{damage.Batch}},
		{name: "a COMMIT alone", segments: []*maker{newSegment(1).commit(3).event(0, 6)},
			want: same(0), next: 1, damages: []damage.Reason{damage.Batch}},
		{name: "a damaged event keeps its number",
			segments: []*maker{newSegment(1).event(0, 1).event(1, 1).event(2, 1).flip(1)},
			want:     same(0, 2), next: 3, damages: []damage.Reason{damage.Checksum}},
		{name: "the last event damaged", segments: []*maker{newSegment(1).event(0, 1).event(1, 1).flip(1)},
			want: same(0), next: 2, damages: []damage.Reason{damage.Checksum}},
		{name: "a damaged BEGIN had no number",
			segments: []*maker{newSegment(1).event(0, 1).begin(1, 2).event(1, 1).event(2, 1).commit(1).event(3, 2).flip(1)},
			want:     same(0, 1, 2, 3), next: 4, damages: []damage.Reason{damage.Checksum}},
		{name: "a damaged item takes its batch along, and the numbers stay",
			segments: []*maker{newSegment(1).event(0, 1).begin(1, 2).event(1, 1).event(2, 1).commit(1).event(3, 2).flip(2)},
			want:     same(0, 3), next: 4, damages: []damage.Reason{damage.Checksum, damage.Batch}},
		{name: "a damaged COMMIT takes its batch along, and the numbers stay",
			segments: []*maker{newSegment(1).event(0, 1).begin(1, 2).event(1, 1).event(2, 1).commit(1).event(3, 2).begin(4, 1).event(4, 3).commit(4).flip(4)},
			want:     same(0, 3, 4), next: 5, damages: []damage.Reason{damage.Checksum, damage.Batch}},
		{name: "a damaged event in a sealed segment is named by the footer",
			segments: []*maker{newSegment(1).event(0, 1).event(1, 1).event(2, 1).seal(shift(5)).flip(1)},
			want:     map[uint64]uint64{0: 5, 2: 7}, next: 8, gaps: 1, damages: []damage.Reason{damage.Checksum}},
		{name: "a segment is missing",
			segments: []*maker{newSegment(1).event(0, 1).seal(), newSegment(3).event(5, 1).seal()},
			want:     same(0, 5), next: 6, damages: []damage.Reason{damage.SegmentMissing}},
		{name: "ids that skip without a gap are compaction",
			segments: []*maker{newSegment(1).event(0, 1).seal(), newSegment(3).event(1, 1).seal()}, want: same(0, 1), next: 2},
		{name: "ids that skip before an unsealed segment may be either",
			segments: []*maker{newSegment(1).event(0, 1).seal(), newSegment(3).event(1, 1)}, want: same(0, 1), next: 2, gaps: 1},
		{name: "events cut off between two frames",
			segments: []*maker{newSegment(1).event(0, 1), newSegment(2).event(5, 1).seal()},
			want:     same(0, 5), next: 6, damages: []damage.Reason{damage.SequenceGap}},
		{name: "the newest segment is empty", segments: []*maker{newSegment(1).event(0, 1), {id: 2}},
			want: same(0), next: 1, torn: true},
		{name: "an older segment is empty", segments: []*maker{newSegment(1).event(0, 1).seal(), {id: 2}, newSegment(3).event(1, 1).seal()},
			want: same(0, 1), next: 2, damages: []damage.Reason{damage.Short}},
		{name: "a copied segment", segments: []*maker{newSegment(1).event(0, 1).seal(), {id: 2, b: newSegment(1).event(0, 1).b}},
			want: same(0), next: 1, damages: []damage.Reason{damage.SegmentID}},
		{name: "a damaged magic", segments: []*maker{{id: 1, b: append([]byte("FBAX"), newSegment(1).event(0, 1).b[4:]...)}},
			want: same(0), next: 1, damages: []damage.Reason{damage.Magic}},
		{name: "no segment at all", segments: []*maker{{id: 1, b: []byte("this is no segment, and holds no frame")}},
			next: 0, damages: []damage.Reason{damage.Magic}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := scan(t, c.floor, c.segments...)
			if c.want == nil {
				c.want = map[uint64]uint64{}
			}
			require.Equal(t, c.want, got.events)
			require.Equal(t, c.next, got.next)
			var reasons []damage.Reason
			for _, d := range got.report.Damages {
				reasons = append(reasons, d.Reason)
				require.NotEmpty(t, d.File)
			}
			require.Equal(t, c.damages, reasons)
			require.Len(t, got.report.Rejected, c.rejected)
			require.Len(t, got.report.Gaps, c.gaps)
			require.Len(t, got.report.Unfinished, c.unfinish)
			require.Equal(t, c.torn, got.report.Torn != nil)
		})
	}
}

// TestScanNamesTheLost: a damage lists the events that it touches.
func TestScanNamesTheLost(t *testing.T) {
	got := scan(t, 0, newSegment(1).event(0, 1).event(1, 1).event(2, 1).flip(1))
	require.Len(t, got.report.Damages, 1)
	d := got.report.Damages[0]
	require.Equal(t, []damage.Touched{{ID: id(1001), Sequence: 1, Numbered: true}}, d.Events)
	require.Equal(t, [2]uint64{1, 2}, [2]uint64{d.FirstSequence, d.EndSequence})
	require.Equal(t, "000001.fbat", d.File)

	got = scan(t, 0, newSegment(1).begin(0, 3).event(0, 1).event(1, 1).event(2, 1).commit(0).flip(2))
	require.Len(t, got.report.Damages, 2)
	require.Equal(t, []damage.Touched{{ID: id(1000), Sequence: 0, Numbered: true}, {ID: id(1002), Sequence: 1, Numbered: true}},
		got.report.Damages[1].Events)
	require.Equal(t, uint64(3), got.report.Damages[1].EndSequence)
}

// TestResume: a scan that continues another one sees the same as one scan of
// everything, for any file between them.
func TestResume(t *testing.T) {
	whole := newSegment(1).event(0, 1).begin(1, 2).event(1, 2).event(2, 2).commit(1).event(3, 3).b
	want := scan(t, 0, &maker{id: 1, b: whole})
	for cut := 0; cut <= len(whole); cut++ {
		s := replay.NewScan(replay.NewLog(0, 0), replay.Place{}, nil)
		require.NoError(t, s.Segment(replay.Input{ID: 1, Source: source.Bytes(whole[:cut]), Newest: true}))
		s.Finish()
		at, ok := s.Resume()
		require.True(t, ok, cut)
		s = s.Continue(nil)
		require.NoError(t, s.Segment(replay.Input{ID: 1, Source: source.Bytes(whole), From: at.Offset, Newest: true}))
		s.Finish()
		require.Equal(t, 4, s.Log().Committed(), cut)
		require.Equal(t, want.next, s.Log().Next(), cut)
		for i, n := range want.order {
			require.Equal(t, id(n+1000), s.Log().Draft().At(i).ID(), cut)
			require.Equal(t, want.events[n], s.Log().Draft().At(i).Sequence(), cut)
		}
	}
}

// TestFooterBelowTheArtifact: a footer's sequence that the artifact gave to
// another event is not used.
func TestFooterBelowTheArtifact(t *testing.T) {
	s := replay.NewScan(replay.NewLog(30, 30), replay.Place{}, nil)
	m := newSegment(1).event(26, 1).event(31, 1).seal()
	require.NoError(t, s.Segment(replay.Input{ID: 1, Source: source.Bytes(m.b), Newest: true}))
	s.Finish()
	require.Equal(t, uint64(30), s.Log().Draft().At(0).Sequence())
	require.Equal(t, uint64(31), s.Log().Draft().At(1).Sequence())
	require.Len(t, s.Report().Rejected, 1)
}

// TestResumeInBatch: a batch that is open across a rotation stays open while
// the new segment has no whole header yet.
func TestResumeInBatch(t *testing.T) {
	first := newSegment(1).event(0, 1).begin(1, 2).seal()
	second := newSegment(2).event(1, 50)
	s := replay.NewScan(replay.NewLog(0, 0), replay.Place{}, nil)
	require.NoError(t, s.Segment(replay.Input{ID: 1, Source: source.Bytes(first.b)}))
	require.NoError(t, s.Segment(replay.Input{ID: 2, Source: source.Bytes(second.b[:20]), Newest: true}))
	s.Finish()
	at, ok := s.Resume()
	require.True(t, ok)
	require.Equal(t, uint64(1), at.Segment, "BEGIN is not after")
	s = s.Continue(nil)
	require.NoError(t, s.Segment(replay.Input{ID: 1, Source: source.Bytes(first.b), From: at.Offset}))
	require.NoError(t, s.Segment(replay.Input{ID: 2, Source: source.Bytes(second.b), Newest: true}))
	s.Finish()
	require.Equal(t, 1, s.Log().Committed())
}

func TestScanStops(t *testing.T) {
	s := replay.NewScan(replay.NewLog(0, 0), replay.Place{}, func() error { return errStop })
	err := s.Segment(replay.Input{ID: 1, Source: source.Bytes(newSegment(1).event(0, 1).b)})
	require.ErrorIs(t, err, errStop)
}
