package compact_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/compact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/sealed"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// one always picks the same entity.
func one() int { return 1 }

// frame is a frame of a segment, and where it lies.
type frame struct {
	raw    []byte
	body   segment.Body
	offset uint64
}

// framesOf returns the frames of a segment.
func framesOf(t require.TestingT, b []byte) (all []frame) {
	_, n, err := segment.DecodeHeader(b)
	require.NoError(t, err)
	w := segment.NewWalker(source.Bytes(b), uint64(n))
	for {
		step, ok := w.Next()
		if !ok {
			return all
		}
		require.Nil(t, step.Damage)
		f := frame{raw: b[step.Offset : step.Offset+step.Length], offset: step.Offset}
		require.NoError(t, segment.DecodeFrame(f.raw, &f.body))
		all = append(all, f)
	}
}

// markers counts the BEGIN markers of batches with events in all segments, and those without.
func markers(t require.TestingT, files directory.Memory) (batches, numbers int) {
	for name, b := range files {
		if _, ok := segment.ParseName(name); !ok {
			continue
		}
		for _, f := range framesOf(t, b) {
			switch {
			case f.body.Kind != event.SystemBatchBegin:
			case f.body.PayloadSize > 0:
				batches++
			default:
				numbers++
			}
		}
	}
	return batches, numbers
}

// whole returns the number of batches that begin and end in one segment.
func whole(t require.TestingT, files directory.Memory) (batches int) {
	for name, b := range files {
		if _, ok := segment.ParseName(name); !ok {
			continue
		}
		open := 0
		for _, f := range framesOf(t, b) {
			switch {
			case f.body.Kind == event.SystemBatchBegin && f.body.PayloadSize > 0:
				open = 1
			case f.body.Kind == event.SystemBatchCommit:
				batches += open
				open = 0
			}
		}
	}
	return batches
}

// give returns a judge that gives a verdict to some sequences.
func give(v compact.Verdict, sequences ...uint64) compact.Judge {
	return func(e *event.Event) compact.Verdict {
		if slices.Contains(sequences, e.Sequence) {
			return v
		}
		return compact.Keep
	}
}

// TestBatchMarkers: a batch keeps its markers when all of it is kept and goes to one segment.
func TestBatchMarkers(t *testing.T) {
	for _, c := range []struct {
		name    string
		judge   compact.Judge
		size    uint64
		batches int
		numbers int
	}{
		{"merged", nil, 0, 3, 0},
		{"an item dropped", give(compact.Drop, 1), 0, 2, 1},
		{"the first item dropped", give(compact.Drop, 0), 0, 2, 2},
		{"an item redacted", give(compact.Redact, 1), 0, 2, 0},
		{"an item made a tombstone", give(compact.Tombstone, 4), 0, 2, 0},
		{"the last event dropped", give(compact.Drop, 7), 0, 2, 1},
		{"a batch dropped", give(compact.Drop, 0, 1, 2), 0, 2, 2},
		{"a single dropped", give(compact.Drop, 3), 0, 3, 1},
		{"everything", give(compact.Drop, 0, 1, 2, 3, 4, 5, 6, 7), 0, 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMaker()
			m.segment([]int{3, 1, 2}, true, one) // 0 to 5
			m.segment([]int{2}, true, one)       // 6 and 7
			m.segment([]int{1}, true, one)
			batches, _ := markers(t, m.files)
			require.Equal(t, 3, batches)
			files, r := compacted(t, m.files, compact.Plan{From: 1, To: 2, SegmentSize: c.size, Judge: c.judge})
			require.Equal(t, []uint64{1, 2}, r.Replaced)
			require.Len(t, r.Files, 1)
			require.Equal(t, uint64(2), r.Files[0].ID)
			batches, numbers := markers(t, files)
			require.Equal(t, c.batches, batches)
			require.Equal(t, c.numbers, numbers)
			sound(t, files)
			require.Equal(t, uint64(9), open(t, files).Report().NextSequence)
			at, err := open(t, files).At(8)
			require.NoError(t, err)
			require.Equal(t, m.ids[8], at.ID)
		})
	}
}

// TestSplitBatch: a batch that goes to two segments loses its markers and none of its events.
func TestSplitBatch(t *testing.T) {
	m := newMaker()
	for range 8 {
		m.segment([]int{4}, true, one)
	}
	size := len(m.files[segment.Name(1)])
	kept := 0
	for limit := size / 4; limit < 3*size; limit += 150 {
		files, r := compacted(t, m.files, compact.Plan{From: 1, To: 8, SegmentSize: uint64(limit)})
		if !r.Changed() {
			continue
		}
		batches, numbers := markers(t, files)
		require.Zero(t, numbers)
		require.Equal(t, batches, whole(t, files))
		kept = max(kept, batches)
		require.Equal(t, seqs(everything(t, open(t, m.files))), seqs(everything(t, open(t, files))))
		sound(t, files)
	}
	require.Positive(t, kept)
}

func seqs(all []seen) (out []uint64) {
	for _, e := range all {
		out = append(out, e.Sequence)
	}
	return out
}

// TestUnfinishedBatch is D8: the items of a batch without a COMMIT never come back, and what was
// appended after it stays.
func TestUnfinishedBatch(t *testing.T) {
	m := newMaker()
	m.segment([]int{2}, true, one)
	aborted := newMaker()
	aborted.id, aborted.n, aborted.now = 1, 100, m.now
	aborted.segment([]int{3}, false, one)
	raw := aborted.files[segment.Name(2)]
	all := framesOf(t, raw)
	require.Len(t, all, 5)
	m.id = 2
	m.files[segment.Name(2)] = raw[:all[4].offset]
	m.segment([]int{1, 2}, true, one)
	m.segment([]int{1}, true, one)
	s := open(t, m.files)
	require.Len(t, s.Report().Unfinished, 1)
	before := everything(t, s)
	for _, judge := range []compact.Judge{nil, give(compact.Drop, 0), give(compact.Tombstone, 3)} {
		files, r := compacted(t, m.files, compact.Plan{From: 1, To: 3, Judge: judge})
		require.Len(t, r.Files, 1)
		after := everything(t, open(t, files))
		require.Len(t, after, len(before)-int(r.Dropped))
		for _, f := range framesOf(t, files[segment.Name(3)]) {
			require.NotContains(t, aborted.ids, f.body.ID)
		}
		require.Empty(t, open(t, files).Report().Unfinished)
		sound(t, files)
	}
}

// TestCrossingBatch: a run that a batch crosses is refused with the bounds of a longer one, and
// segments that a batch joins are written again together.
func TestCrossingBatch(t *testing.T) {
	m := newMaker()
	m.segment([]int{1}, true, one)
	m.segment([]int{3}, true, one) // to be taken apart: it lies in two segments
	raw := m.files[segment.Name(2)]
	all := framesOf(t, raw)
	require.Len(t, all, 5)
	var parts [2][]frame
	parts[0], parts[1] = all[:3], all[3:]
	at := uint64(1)
	for i, part := range parts {
		id := uint64(2 + i)
		var b []byte
		w := sealed.NewWriter(func(_ uint64, more []byte) error { b = append(b, more...); return nil })
		require.NoError(t, w.Begin(segment.Header{SegmentID: id}))
		for _, f := range part {
			if f.body.Kind.IsMarker() {
				require.NoError(t, w.Marker(f.raw))
				continue
			}
			facts := f.body.Facts(event.Position{})
			facts.Sequence = at
			at++
			_, err := w.Add(&event.Event{Facts: facts, Coordinate: event.At(string(f.body.Entity), string(f.body.Scope))}, f.raw)
			require.NoError(t, err)
		}
		_, err := w.Seal()
		require.NoError(t, err)
		m.files[segment.Name(id)] = b
	}
	m.id = 3
	m.segment([]int{1}, true, one)
	s := open(t, m.files)
	before := everything(t, s)
	require.Len(t, before, 5)
	put := func(uint64, []byte) error { return nil }
	for _, c := range []struct{ from, to, wantFrom, wantTo uint64 }{
		{1, 2, 1, 3}, {2, 2, 2, 3}, {3, 3, 2, 3}, {3, 4, 2, 4}, {1, 3, 0, 0}, {2, 3, 0, 0}, {2, 4, 0, 0}, {4, 4, 0, 0}, {1, 1, 0, 0},
	} {
		_, err := compact.Run(s, compact.Plan{From: c.from, To: c.to, Judge: give(compact.Drop, 0)}, put)
		var crossing *compact.BatchError
		require.Equal(t, c.wantTo > 0, errors.As(err, &crossing), "%v %v", c, err)
		if crossing != nil {
			require.Equal(t, compact.BatchError{From: c.wantFrom, To: c.wantTo}, *crossing)
			require.ErrorContains(t, err, segment.Name(c.wantFrom))
		} else {
			require.NoError(t, err)
		}
	}
	// Nothing of segment 3 changes; it goes along with segment 2.
	size := uint64(2)
	for _, p := range []compact.Plan{{From: 1, To: 4}, {From: 2, To: 3}, {From: 2, To: 3, SegmentSize: size, Judge: give(compact.Drop, 1)}} {
		files, r := compacted(t, m.files, p)
		require.Subset(t, r.Replaced, []uint64{2, 3})
		require.Len(t, everything(t, open(t, files)), 5-int(r.Dropped))
		batches, _ := markers(t, files)
		require.Zero(t, batches)
		sound(t, files)
	}
}

// TestDamagedRun is D6, D9 and D23: no damaged byte is copied, and none ends a copy early. A run
// with any flipped byte, or cut short, is refused, or gives the same events.
func TestDamagedRun(t *testing.T) {
	m := newMaker()
	m.segment([]int{2, 1}, true, one)
	m.segment([]int{1}, true, one)
	m.segment([]int{1}, true, one)
	want := everything(t, open(t, m.files))
	refused, copied := 0, 0
	try := func(damaged []byte, name string) {
		files := maps.Clone(m.files)
		s := open(t, files) // before the damage: what it knows of the events stays
		files[name] = damaged
		written := directory.Memory{}
		r, err := compact.Run(s, compact.Plan{From: 1, To: 2, Judge: give(compact.Tombstone, 3)}, func(id uint64, b []byte) error {
			written[segment.Name(id)] = append(written[segment.Name(id)], b...)
			return nil
		})
		if err != nil {
			var d *damage.Damage
			require.True(t, errors.As(err, &d) || errors.Is(err, source.ErrShort), "%v", err)
			if d != nil {
				require.Equal(t, name, d.File)
			}
			refused++
			return
		}
		copied++
		require.Len(t, r.Files, 1)
		after := maps.Clone(m.files)
		delete(after, segment.Name(1))
		maps.Copy(after, written)
		got := everything(t, open(t, after))
		require.Len(t, got, len(want))
		for i := range want {
			if i != 3 {
				require.Equal(t, want[i], got[i])
			}
		}
	}
	for _, name := range []string{segment.Name(1), segment.Name(2)} {
		b := m.files[name]
		for at := range b {
			flipped := slices.Clone(b)
			flipped[at] ^= 1 << (at % 8)
			try(flipped, name)
			if at%4 == 0 {
				try(b[:at], name)
			}
		}
	}
	t.Logf("%d refused, %d copied", refused, copied)
	require.Greater(t, refused, copied)
}

// TestReportedDamage: a run that the open found damaged is refused, with that damage.
func TestReportedDamage(t *testing.T) {
	m := newMaker()
	m.segment([]int{2}, true, one)
	m.segment([]int{2}, true, one)
	m.segment([]int{2}, true, one)
	b := slices.Clone(m.files[segment.Name(2)])
	b[200] ^= 1
	m.files[segment.Name(2)] = b
	s, err := store.Open(m.files, store.Options{})
	require.NoError(t, err)
	require.NotEmpty(t, s.Report().Damages)
	put := func(uint64, []byte) error { return nil }
	for _, p := range []compact.Plan{{From: 1, To: 2}, {From: 2, To: 3}, {From: 2, To: 2}} {
		_, err = compact.Run(s, p, put)
		var refused *compact.DamageError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, s.Report().Damages[0], refused.Damage)
		_, err = compact.Measure(s, p)
		require.ErrorAs(t, err, &refused)
	}
	_, err = compact.Run(s, compact.Plan{From: 3, To: 3}, put)
	require.NoError(t, err)
}

// TestRefusedPlans: what a plan must not ask for.
func TestRefusedPlans(t *testing.T) {
	m := newMaker()
	m.segment([]int{1}, true, one)
	m.segment([]int{1}, true, one)
	m.segment([]int{1}, false, one)
	s := open(t, m.files)
	put := func(uint64, []byte) error { return nil }
	for _, p := range []compact.Plan{{From: 4, To: 9}, {From: 2, To: 1}, {}} {
		_, err := compact.Run(s, p, put)
		require.ErrorIs(t, err, compact.ErrNoSegments)
	}
	_, err := compact.Run(s, compact.Plan{From: 1, To: 3}, put)
	require.ErrorIs(t, err, compact.ErrActive)
	_, err = compact.Run(s, compact.Plan{From: 1, To: 2, Judge: give(4, 0)}, put)
	require.ErrorIs(t, err, compact.ErrVerdict)
	failed := errors.New("failed")
	_, err = compact.Run(s, compact.Plan{From: 1, To: 2}, func(uint64, []byte) error { return failed })
	require.ErrorIs(t, err, failed)
	_, err = compact.Run(s, compact.Plan{From: 1, To: 2, Stop: func() error { return failed }}, put)
	require.ErrorIs(t, err, failed)
	r, err := compact.Run(s, compact.Plan{From: 1, To: 1}, put)
	require.NoError(t, err)
	require.False(t, r.Changed())
	require.Empty(t, r.Files)
	var last uint64
	r, err = compact.Run(s, compact.Plan{From: 1, To: 2, Progress: func(done, total uint64) {
		require.Less(t, last, done)
		require.LessOrEqual(t, done, total)
		last = done
	}}, put)
	require.NoError(t, err)
	require.Equal(t, r.Before, last)
}

// TestStops: a run ends with the error of Plan.Stop whenever that comes.
func TestStops(t *testing.T) {
	m := newMaker()
	m.segment([]int{1, 3}, true, one)
	m.segment([]int{1}, true, one)
	s := open(t, m.files)
	for _, judge := range []compact.Judge{nil, give(compact.Drop, 1)} {
		calls := 0
		plan := func(last int) compact.Plan {
			calls = 0
			return compact.Plan{From: 1, To: 2, Judge: judge, Stop: func() error {
				if calls++; calls == last {
					return errors.ErrUnsupported
				}
				return nil
			}}
		}
		put := func(uint64, []byte) error { return nil }
		_, err := compact.Run(s, plan(0), put)
		require.NoError(t, err)
		all := calls
		require.Greater(t, all, 3)
		for n := range all {
			_, err := compact.Run(s, plan(n+1), put)
			require.ErrorIs(t, err, errors.ErrUnsupported, "call %d of %d", n+1, all)
		}
	}
}

// TestNumbers is D10: where hidden ranges may use other numbers than the log, no footer is
// written that would make them hide other events.
func TestNumbers(t *testing.T) {
	m := newMaker()
	m.segment([]int{1, 1}, true, one)
	m.segment([]int{1, 1}, true, one)
	m.segment([]int{1}, true, one)
	hidden := visibility.AppendFile(nil, visibility.Ranges{{Start: 1, End: 2}})
	put := func(uint64, []byte) error { return nil }
	cut := func(id uint64) directory.Memory {
		files := maps.Clone(m.files)
		b := files[segment.Name(id)]
		at, ok, err := segment.FooterOffset(source.Bytes(b))
		require.NoError(t, err)
		require.True(t, ok)
		files[segment.Name(id)] = b[:at]
		return files
	}
	files := cut(2)
	after, _ := compacted(t, files, compact.Plan{From: 1, To: 2}) // nothing is hidden
	require.Equal(t, everything(t, open(t, files)), everything(t, open(t, after)))
	files[visibility.FileName] = hidden
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	_, err = compact.Run(s, compact.Plan{From: 1, To: 2}, put)
	var other *compact.NumbersError
	require.ErrorAs(t, err, &other)
	require.Equal(t, compact.NumbersError{File: segment.Name(2), Sequence: 2}, *other)
	require.ErrorContains(t, err, segment.Name(2))
	m.files[visibility.FileName] = hidden
	after, _ = compacted(t, m.files, compact.Plan{From: 1, To: 2, Judge: give(compact.Drop, 0)})
	got := everything(t, open(t, after))
	require.True(t, got[0].hidden)
	require.Equal(t, uint64(1), got[0].Sequence)
	require.False(t, got[1].hidden)
}

// TestFixtures: stores of batpak 0.4.0 are compacted or refused with the reason, and show the
// same events afterwards.
func TestFixtures(t *testing.T) {
	done := 0
	for _, name := range fixture.Names() {
		files := directory.Memory(fixture.Store(name))
		s, err := store.Open(files, store.Options{})
		require.NoError(t, err)
		ids := s.Segments()
		if !s.NewestSealed() {
			ids = ids[:len(ids)-1]
		}
		if len(ids) == 0 {
			continue
		}
		before := map[uint64]seen{}
		for _, e := range everything(t, s) {
			before[e.Sequence] = e
		}
		p := compact.Plan{From: ids[0], To: ids[len(ids)-1], Judge: func(e *event.Event) compact.Verdict {
			if e.Sequence%3 == 1 {
				return compact.Drop
			}
			return compact.Keep
		}}
		written := directory.Memory{}
		r, err := compact.Run(s, p, func(id uint64, b []byte) error {
			written[segment.Name(id)] = append(written[segment.Name(id)], b...)
			return nil
		})
		if err != nil {
			t.Logf("%s: %v", name, err)
			var d *compact.DamageError
			var n *compact.NumbersError
			require.True(t, errors.As(err, &d) || errors.As(err, &n), "%s: %v", name, err)
			continue
		}
		done++
		after := directory.Memory{}
		for file, b := range files {
			if _, ok := segment.ParseName(file); ok || file == visibility.FileName {
				after[file] = b
			}
		}
		for _, id := range r.Replaced {
			delete(after, segment.Name(id))
		}
		maps.Copy(after, written)
		got, err := store.Open(after, store.Options{})
		require.NoError(t, err)
		require.Empty(t, got.Report().Damages, name)
		all := everything(t, got)
		require.Len(t, all, len(before)-int(r.Dropped), name)
		for _, e := range all {
			require.Equal(t, before[e.Sequence], e, name)
		}
	}
	require.Greater(t, done, 5)
}
