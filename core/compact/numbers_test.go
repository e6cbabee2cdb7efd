package compact_test

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/compact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
)

// thinned makes a store of 4 segments of which the second and third were compacted. The newest
// is open and there is no sync mark, so that nothing but the compacted segment tells its
// numbers.
func thinned(t require.TestingT, drop ...uint64) (directory.Memory, *maker) {
	m := newMaker()
	m.segment([]int{1, 1}, true, one) // 0 and 1
	m.segment([]int{1, 2}, true, one) // 2 to 4
	m.segment([]int{1, 2}, true, one) // 5 to 7
	m.segment([]int{1}, false, one)   // 8
	files, r := compacted(t, m.files, compact.Plan{From: 2, To: 3, Judge: give(compact.Drop, drop...)})
	require.Len(t, r.Files, 1)
	require.Equal(t, compact.File{
		ID: 3, Size: uint64(len(files[segment.Name(3)])), Events: 6 - uint64(len(drop)), First: 2, End: 8, Flags: segment.FlagCompacted,
	}, r.Files[0])
	return files, m
}

// dropped are some choices of what to drop of the events 2 to 7.
var dropped = [][]uint64{{2}, {7}, {2, 7}, {3, 5}, {2, 3, 4, 5, 6, 7}, {3, 4, 5, 6, 7}, {2, 3, 4, 5, 6}}

// TestNumbersAfterwards: the events after a compacted segment keep their sequences although
// nothing else tells them, and what is missing is noted, not damage.
func TestNumbersAfterwards(t *testing.T) {
	for _, drop := range dropped {
		files, m := thinned(t, drop...)
		s := open(t, files)
		require.Equal(t, uint64(9), s.Report().NextSequence)
		e, err := s.At(8)
		require.NoError(t, err)
		require.Equal(t, m.ids[8], e.ID)
		require.Empty(t, s.Report().Gaps)
		var noted []verify.Note
		for _, n := range sound(t, files).Notes {
			if n.Topic == verify.Compacted {
				noted = append(noted, n)
			}
			require.NotEqual(t, verify.SequenceGap, n.Topic)
		}
		require.Len(t, noted, 1)
		require.Equal(t, segment.Name(3), noted[0].File)
		require.Contains(t, noted[0].Detail, "; "+string('0'+rune(len(drop)))+" of these sequences were removed")
		require.Equal(t, slices.Min(drop), noted[0].First)
		require.Equal(t, slices.Max(drop)+1, noted[0].End)
	}
}

// TestMissingBesideCompacted: a segment that is missing before or after a compacted one, or is
// it, is damage as before; the ids that a compaction gave up are none.
func TestMissingBesideCompacted(t *testing.T) {
	for _, drop := range dropped {
		files, m := thinned(t, drop...)
		b := m.log.Footer(slices.Clone(files[segment.Name(4)]))
		files[segment.Name(4)] = b
		open(t, files)
		for _, id := range []uint64{1, 3} {
			less := maps.Clone(files)
			delete(less, segment.Name(id))
			s, err := store.Open(less, store.Options{})
			require.NoError(t, err)
			r := s.Report()
			require.Len(t, r.Damages, 1, "%v without %d", drop, id)
			require.Equal(t, damage.SegmentMissing, r.Damages[0].Reason)
			e, err := s.At(8)
			require.NoError(t, err)
			require.Equal(t, m.ids[8], e.ID)
		}
	}
}

// TestLostNumbers: with any byte of a compacted segment flipped, or with its end cut off, each
// event that is found has its sequence, or a damage says that the sequences of the segment are
// not known. No hidden event is shown. Events after the segment keep theirs as long as its
// frames are whole.
func TestLostNumbers(t *testing.T) {
	for _, drop := range dropped {
		files, m := thinned(t, drop...)
		files[visibility.FileName] = visibility.AppendFile(nil, visibility.Ranges{{Start: 6, End: 7}})
		sequences := map[event.ID]uint64{}
		for i, id := range m.ids {
			sequences[id] = uint64(i)
		}
		b := files[segment.Name(3)]
		end, ok, err := segment.FooterOffset(source.Bytes(b))
		require.NoError(t, err)
		require.True(t, ok)
		unsure, flip := 0, 0
		try := func(b []byte, framesWhole bool) {
			files := maps.Clone(files)
			files[segment.Name(3)] = b
			s, err := store.Open(files, store.Options{})
			require.NoError(t, err)
			r := s.Report()
			for e, err := range s.Everything(0) {
				require.NoError(t, err)
				want, real := sequences[e.ID]
				if !real || e.Sequence != want {
					require.NotEmpty(t, r.Damages, "drop %v: %d is %d; flip %d of %d, footer at %d, rejected %v, len %d", drop, want, e.Sequence, flip, len(files[segment.Name(3)]), end, r.Rejected, len(b))
					unsure++
					inside := e.Position.Segment == 3
					require.True(t, !framesWhole || inside, "event %d is %d, drop %v, %v", want, e.Sequence, drop, r.Damages)
					require.True(t, slices.ContainsFunc(r.Damages, func(d *damage.Damage) bool {
						return d.FirstSequence <= e.Sequence && e.Sequence < d.EndSequence || d.File == segment.Name(3)
					}))
				}
				if want == 6 && real {
					require.True(t, r.HiddenRanges.Hides(e.Sequence), "drop %v", drop)
				}
			}
		}
		for at := range b {
			flipped := slices.Clone(b)
			flipped[at] ^= 1 << (at % 8)
			flip = at
			if at%5 == 0 || uint64(at) >= end && at%2 == 0 || os.Getenv("THAW_FULL") != "" {
				try(flipped, uint64(at) >= end)
			}
			if uint64(at) >= end && at%3 == 0 {
				try(b[:at], true)
			}
		}
		if len(drop) < 6 && slices.Contains(drop, 3) {
			require.Positive(t, unsure)
		}
	}
}

// TestRefreshAfterCompaction: a store with a compacted segment is read on where it was left.
func TestRefreshAfterCompaction(t *testing.T) {
	files, m := thinned(t, 3, 7)
	s := open(t, files)
	m.now += 1000
	e := m.entry(1, []byte("more"))
	at := len(m.log.Frames())
	_, err := m.log.Append(&e, m.now)
	require.NoError(t, err)
	files[segment.Name(4)] = append(slices.Clone(files[segment.Name(4)]), m.log.Frames()[at:]...)
	fresh, reload, err := s.Refresh(nil)
	require.NoError(t, err)
	require.False(t, reload)
	got, err := fresh.At(9)
	require.NoError(t, err)
	require.Equal(t, e.ID, got.ID)
}

// TestAgain: compacting again changes no event; what was merged once stays.
func TestAgain(t *testing.T) {
	m := newMaker()
	for range 40 {
		m.segment([]int{1, 2}, true, one)
	}
	plan := compact.Plan{From: 1, To: 40, SegmentSize: 20_000, Judge: func(e *event.Event) compact.Verdict {
		return compact.Verdict(e.Sequence % 7 / 6)
	}}
	files, first := compacted(t, m.files, plan)
	require.Positive(t, first.Dropped)
	require.Less(t, len(first.Files), 10)
	again, second := compacted(t, files, plan)
	require.Zero(t, second.Dropped)
	require.Equal(t, everything(t, open(t, files)), everything(t, open(t, again)))
	require.False(t, second.Changed(), "%v", second.Replaced)
	plan.Judge, plan.SegmentSize = nil, 1<<20
	merged, third := compacted(t, again, plan)
	require.Len(t, third.Files, 1)
	require.Equal(t, uint64(segment.FlagCompacted), third.Files[0].Flags)
	require.Equal(t, everything(t, open(t, files)), everything(t, open(t, merged)))
	once, _ := compacted(t, m.files, compact.Plan{From: 1, To: 40, Judge: func(e *event.Event) compact.Verdict {
		return compact.Verdict(e.Sequence % 7 / 6)
	}})
	require.Equal(t, everything(t, open(t, once)), everything(t, open(t, merged)))
	sound(t, merged)
}

// TestErasedAgain: what is redacted, or a tombstone, already is counted again and nothing else:
// its segments stay, and no removal is recorded. What is not is changed beside it.
func TestErasedAgain(t *testing.T) {
	for _, v := range []compact.Verdict{compact.Tombstone, compact.Redact} {
		m := newMaker()
		for range 10 {
			m.segment([]int{1, 2}, true, one)
		}
		plan := compact.Plan{From: 1, To: 10, OnlyChanged: true, Judge: give(v, 1, 7, 8)}
		files, first := compacted(t, m.files, plan)
		require.Len(t, first.Files, 2)
		again, second := compacted(t, files, plan)
		require.Equal(t, uint64(3), second.Tombstoned+second.Redacted)
		require.False(t, second.Changed(), "%v: %v", v, second.Replaced)
		require.Empty(t, second.Removals)
		require.Equal(t, files, again)

		plan.Judge = give(v, 1, 7, 8, 10, 20)
		more, third := compacted(t, files, plan)
		require.Equal(t, []uint64{4, 7}, third.Replaced)
		require.Len(t, third.Removals, 2)
		all := everything(t, open(t, files))
		for i, e := range everything(t, open(t, more)) {
			require.Equal(t, i != 10 && i != 20, e == all[i], "%v: event %d", v, i)
		}
		sound(t, more)
	}
	// A tombstone has another kind than a redacted event, and the payload of one that batpak wrote.
	m := newMaker()
	m.segment([]int{1, 2}, true, one)
	files, _ := compacted(t, m.files, compact.Plan{From: 1, To: 1, Judge: give(compact.Redact, 1)})
	_, r := compacted(t, files, compact.Plan{From: 1, To: 1, Judge: give(compact.Tombstone, 1)})
	require.True(t, r.Changed())
}

// TestMeasure: a measurement says what a run does, and its sizes are upper bounds.
func TestMeasure(t *testing.T) {
	m := newMaker()
	for range 20 {
		m.segment([]int{1, 3}, true, one)
	}
	p := compact.Plan{From: 1, To: 20, SegmentSize: 10_000, Judge: give(compact.Drop, 0, 5, 6, 7, 79)}
	_, r := compacted(t, m.files, p)
	got, err := compact.Measure(open(t, m.files), p)
	require.NoError(t, err)
	require.Equal(t, r.Removals, got.Removals)
	require.Equal(t, [3]uint64{r.Events, r.Dropped, r.Before}, [3]uint64{got.Events, got.Dropped, got.Before})
	require.Equal(t, r.Replaced, got.Replaced)
	require.Len(t, got.Files, len(r.Files))
	for i := range r.Files {
		require.GreaterOrEqual(t, got.Files[i].Size, r.Files[i].Size)
		require.LessOrEqual(t, r.Files[i].Size, uint64(10_000))
	}
	require.Len(t, r.Removals, 3)
	require.Equal(t, uint64(3), r.Removals[1].Events)
}

// TestFullSegmentsStay: a segment of more than half the size is not copied for the sake of small
// ones next to it.
func TestFullSegmentsStay(t *testing.T) {
	m := newMaker()
	m.segment(slices.Repeat([]int{1}, 20), true, one)
	m.segment([]int{1}, true, one)
	m.segment([]int{1}, true, one)
	size := uint64(len(m.files[segment.Name(1)]))
	_, r := compacted(t, m.files, compact.Plan{From: 1, To: 3, SegmentSize: size * 3 / 2})
	require.Equal(t, []uint64{2, 3}, r.Replaced)
	_, r = compacted(t, m.files, compact.Plan{From: 1, To: 3, SegmentSize: 2 * size})
	require.Equal(t, []uint64{1, 2, 3}, r.Replaced)
}
