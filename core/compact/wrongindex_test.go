package compact_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/compact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/sealed"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

func discard(uint64, []byte) error { return nil }

// withSegment returns the files with another segment, which a snapshot of before then reads.
func withSegment(files directory.Memory, id uint64, b []byte) { files[segment.Name(id)] = b }

// TestWrongIndex: an index that does not have exactly the events of the frames removes none.
func TestWrongIndex(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(frames []frame) [][]byte
		reason damage.Reason
	}{
		{"another kind", func(f []frame) [][]byte {
			f[0].body.Kind++
			return [][]byte{segment.AppendFrame(nil, &f[0].body), f[1].raw, f[2].raw, f[3].raw, f[4].raw}
		}, damage.Disagrees},
		{"another entity", func(f []frame) [][]byte {
			f[0].body.Entity = []byte("e:9")
			return [][]byte{segment.AppendFrame(nil, &f[0].body), f[1].raw, f[2].raw, f[3].raw, f[4].raw}
		}, damage.Disagrees},
		{"another event at the end", func(f []frame) [][]byte {
			return [][]byte{f[0].raw, f[1].raw, f[2].raw, f[3].raw, f[4].raw, f[0].raw}
		}, damage.Incomplete},
		{"an event less", func(f []frame) [][]byte { return [][]byte{f[0].raw} }, damage.Position},
		{"markers in place of an event", func(f []frame) [][]byte {
			one, none := f[1].body, f[1].body
			one.PayloadSize, none.PayloadSize = 1, 0
			b := [][]byte{f[0].raw, segment.AppendFrame(nil, &one), f[2].raw, f[4].raw}
			for range 3 {
				b = append(b, segment.AppendFrame(nil, &none), f[4].raw)
			}
			return b
		}, damage.Position},
		{"a batch without its COMMIT", func(f []frame) [][]byte {
			return [][]byte{f[0].raw, f[1].raw, f[2].raw, f[3].raw}
		}, damage.Batch},
		{"a COMMIT more", func(f []frame) [][]byte {
			return [][]byte{f[0].raw, f[1].raw, f[2].raw, f[3].raw, f[4].raw, f[4].raw}
		}, damage.Batch},
		{"a BEGIN of an item more", func(f []frame) [][]byte {
			begin := f[1].body
			begin.PayloadSize++
			return [][]byte{f[0].raw, segment.AppendFrame(nil, &begin), f[2].raw, f[3].raw, f[4].raw}
		}, damage.Batch},
		{"another item in the batch", func(f []frame) [][]byte {
			return [][]byte{f[0].raw, f[1].raw, f[2].raw, f[3].raw, f[3].raw, f[4].raw}
		}, damage.Incomplete},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMaker()
			m.segment([]int{1, 2}, true, one)
			m.segment([]int{1}, true, one)
			s := open(t, m.files)
			raw := m.files[segment.Name(1)]
			all := framesOf(t, raw)
			require.Len(t, all, 5)
			b := slices.Clone(raw[:all[0].offset])
			for _, f := range c.change(all) {
				b = append(b, f...)
			}
			withSegment(m.files, 1, b)
			_, err := compact.Run(s, compact.Plan{From: 1, To: 2}, discard)
			var refused *compact.DamageError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, c.reason, refused.Damage.Reason, "%v", err)
			require.ErrorIs(t, err, c.reason)
		})
	}
}

// numbered makes a segment of single events with sequences.
func numbered(t require.TestingT, id uint64, sequences ...uint64) []byte {
	m := newMaker()
	m.segment(slices.Repeat([]int{1}, len(sequences)), false, one)
	var b []byte
	w := sealed.NewWriter(func(_ uint64, more []byte) error { b = append(b, more...); return nil })
	require.NoError(t, w.Begin(segment.Header{SegmentID: id}))
	for i, f := range framesOf(t, m.files[segment.Name(1)]) {
		facts := f.body.Facts(event.Position{})
		facts.Sequence = sequences[i]
		_, err := w.Add(&event.Event{Facts: facts, Coordinate: event.At(string(f.body.Entity), string(f.body.Scope))}, f.raw)
		require.NoError(t, err)
	}
	_, err := w.Seal()
	require.NoError(t, err)
	return b
}

// TestGapBefore: a gap that batpak left before a group stays a gap when the ids before it are
// given up.
func TestGapBefore(t *testing.T) {
	files := directory.Memory{}
	var facts []event.Event
	for id, sequences := range map[uint64][]uint64{1: {5}, 2: {7}, 3: {8}, 4: {12}, 5: {13}} {
		files[segment.Name(id)] = numbered(t, id, sequences...)
	}
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	require.Empty(t, s.Report().Damages)
	for e, err := range s.Everything(0) {
		require.NoError(t, err)
		facts = append(facts, e)
	}
	for _, p := range []compact.Plan{{From: 1, To: 3}, {From: 1, To: 5}, {From: 2, To: 3}, {From: 4, To: 5}, {From: 2, To: 5}} {
		after := maps.Clone(files)
		written := directory.Memory{}
		r, err := compact.Run(s, p, func(id uint64, b []byte) error {
			written[segment.Name(id)] = append(written[segment.Name(id)], b...)
			return nil
		})
		require.NoError(t, err)
		for _, id := range r.Replaced {
			delete(after, segment.Name(id))
		}
		maps.Copy(after, written)
		got, err := store.Open(after, store.Options{})
		require.NoError(t, err)
		require.Empty(t, got.Report().Damages, "%v", p)
		i := 0
		for e, err := range got.Everything(0) {
			require.NoError(t, err)
			require.Equal(t, facts[i].Sequence, e.Sequence)
			i++
		}
		require.Equal(t, len(facts), i)
	}
}

// TestClaimsAgain: the bounds that a compacted segment names stay named when it is compacted
// again, also when it lost all events.
func TestClaimsAgain(t *testing.T) {
	for _, drop := range dropped {
		files, m := thinned(t, drop...)
		again, r := compacted(t, files, compact.Plan{From: 1, To: 3})
		require.Len(t, r.Files, 1)
		s := open(t, again)
		e, err := s.At(8)
		require.NoError(t, err)
		require.Equal(t, m.ids[8], e.ID)
		again, _ = compacted(t, again, compact.Plan{From: 3, To: 3, Judge: func(*event.Event) compact.Verdict { return compact.Drop }})
		all := everything(t, open(t, again))
		require.Len(t, all, 1)
		require.Equal(t, uint64(8), all[0].Sequence)
		sound(t, again)
	}
}

// TestOtherNumbers: the footer of a segment has other numbers than its events, as after an
// unclean stop of batpak's, and a range hides some.
func TestOtherNumbers(t *testing.T) {
	m := newMaker()
	m.segment([]int{1, 1}, true, one)
	m.segment([]int{1}, true, one)
	m.files[visibility.FileName] = visibility.AppendFile(nil, visibility.Ranges{{Start: 0, End: 1}})
	s := open(t, m.files)
	b := slices.Clone(m.files[segment.Name(1)])
	at, _, err := segment.FooterOffset(source.Bytes(b))
	require.NoError(t, err)
	f, err := segment.Footer(source.Bytes(b), at)
	require.NoError(t, err)
	const offSequence = 114
	f.Raw(1)[offSequence] = 4
	table := len(b) - int(at) - 16 - 2*154
	copy(b[int(at)+table+154:], f.Raw(1))
	withSegment(m.files, 1, b)
	_, err = compact.Run(s, compact.Plan{From: 1, To: 2}, discard)
	var other *compact.NumbersError
	require.ErrorAs(t, err, &other)
	require.Equal(t, uint64(1), other.Sequence)
}

// TestManyRemovals: the removals are bounded, and still cover and count all events.
func TestManyRemovals(t *testing.T) {
	m := newMaker()
	for range 40 {
		m.segment(slices.Repeat([]int{1}, 30), true, one)
	}
	r, err := compact.Measure(open(t, m.files), compact.Plan{From: 1, To: 40, Judge: func(e *event.Event) compact.Verdict {
		return compact.Verdict(e.Sequence % 3)
	}})
	require.NoError(t, err)
	require.LessOrEqual(t, len(r.Removals), 256)
	events := map[string]uint64{}
	for _, m := range r.Removals {
		events[m.Mode.String()] += m.Events
		require.LessOrEqual(t, m.Events, m.End-m.First)
	}
	require.Equal(t, map[string]uint64{"dropped": r.Dropped, "tombstoned": r.Tombstoned}, events)
}

// TestSeeds maintains the seeds of FuzzRun.
func TestSeeds(t *testing.T) {
	m := newMaker()
	m.segment([]int{2, 1}, true, one)
	files, _ := compacted(t, m.files, compact.Plan{From: 1, To: 1, Judge: give(compact.Drop, 0, 2)})
	fuzzing.Seeds(t, "FuzzRun",
		fuzzing.Seed{m.files[segment.Name(1)], uint16(0), byte(0)},
		fuzzing.Seed{m.files[segment.Name(1)], uint16(900), byte(3)},
		fuzzing.Seed{files[segment.Name(1)], uint16(0), byte(2)},
		fuzzing.Seed{m.files[segment.Name(1)][:400], uint16(5), byte(1)},
	)
}

// FuzzRun: any bytes as a segment are refused, or give a store with the same events but for
// those that were to be removed, and with no more damage.
func FuzzRun(f *testing.F) {
	second := numbered(f, 2, 1000, 1001)
	f.Fuzz(func(t *testing.T, b []byte, size uint16, seed byte) {
		files := directory.Memory{segment.Name(1): b, segment.Name(2): second}
		s, err := store.Open(files, store.Options{})
		if err != nil {
			return
		}
		verdicts := map[uint64]compact.Verdict{}
		written := directory.Memory{}
		r, err := compact.Run(s, compact.Plan{From: 1, To: 2, SegmentSize: uint64(size), Judge: func(e *event.Event) compact.Verdict {
			verdicts[e.Sequence] = compact.Verdict((e.Sequence*7 + uint64(seed)) % 4)
			return verdicts[e.Sequence]
		}}, func(id uint64, b []byte) error {
			written[segment.Name(id)] = append(written[segment.Name(id)], b...)
			return nil
		})
		if err != nil {
			var d *compact.DamageError
			var crossing *compact.BatchError
			require.True(t, errors.As(err, &d) || errors.As(err, &crossing) || errors.Is(err, artifact.ErrFull) || errors.Is(err, compact.ErrActive), "%v", err)
			return
		}
		after := maps.Clone(files)
		for _, id := range r.Replaced {
			delete(after, segment.Name(id))
		}
		maps.Copy(after, written)
		got, err := store.Open(after, store.Options{})
		require.NoError(t, err)
		var want, have []uint64
		for e := range s.Everything(0) {
			if verdicts[e.Sequence] != compact.Drop {
				want = append(want, e.Sequence)
			}
		}
		for e := range got.Everything(0) {
			have = append(have, e.Sequence)
		}
		require.Equal(t, want, have)
		require.LessOrEqual(t, len(got.Report().Damages), len(s.Report().Damages))
	})
}
