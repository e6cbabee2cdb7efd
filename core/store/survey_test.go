package store_test

import (
	"cmp"
	"errors"
	"maps"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
)

// someWalls draws a range of WallMS near one, and returns a check of it by hand.
func someWalls(t *rapid.T, near uint64) (times query.Times, has func(*event.Event) bool) {
	bound := func(label string) int64 {
		around := int64(near)*1000 + rapid.Int64Range(-3_000_000, 3_000_000).Draw(t, label)
		return rapid.SampledFrom([]int64{
			around, around, around / 1000 * 1000, int64(near) * 1000, int64(near)*1000 + 1, int64(near)*1000 - 1, 0, 1, -1, math.MinInt64, math.MaxInt64,
		}).Draw(t, label+" at")
	}
	since, until := int64(math.MinInt64), int64(math.MinInt64)
	hasSince, hasUntil := rapid.Bool().Draw(t, "since?"), rapid.Bool().Draw(t, "until?")
	if hasSince {
		since = bound("since")
		times = times.Since(since)
	}
	if hasUntil {
		until = bound("until")
		times = times.Until(until)
	}
	return times.ByWall(), func(e *event.Event) bool {
		us := new(big.Int).Mul(new(big.Int).SetUint64(e.WallMS), big.NewInt(1000))
		return us.Cmp(big.NewInt(since)) >= 0 && (!hasUntil || us.Cmp(big.NewInt(until)) < 0)
	}
}

// askSurvey compares the marks and the timeline of a region with its events.
func askSurvey(t require.TestingT, s *store.Snapshot, r query.Region, pass query.Pass, events []event.Event) {
	for _, step := range []uint64{0, 1, 2, 7, 1024, math.MaxUint64} {
		marks, err := s.Marks(r, pass, step)
		require.NoError(t, err)
		want := []uint64{}
		for i := uint64(0); i < uint64(len(events)); i += max(step, 1) {
			want = append(want, events[i].Sequence)
			if step == math.MaxUint64 {
				break
			}
		}
		require.Equal(t, len(events), int(marks.Events))
		require.Equal(t, max(step, 1), marks.Step)
		require.True(t, slices.Equal(want, marks.Sequences), "step %d: %v %v", step, want, marks.Sequences)
	}
	for _, most := range []int{0, 1, 2, 7, 256} {
		got, err := s.Timeline(r, pass, most)
		require.NoError(t, err)
		checkTimeline(t, got, max(most, 2), events)
	}
}

// checkTimeline compares a timeline of at most so many buckets with its events.
func checkTimeline(t require.TestingT, got *query.Timeline, most int, events []event.Event) {
	require.Equal(t, len(events), int(got.Events()))
	if len(events) == 0 {
		require.Empty(t, got.Buckets())
		return
	}
	kinds := map[event.Kind]int{}
	first, last := uint64(math.MaxUint64), uint64(0)
	for _, e := range events {
		kinds[e.Kind]++
		first, last = min(first, e.WallMS), max(last, e.WallMS)
	}
	order := make([]event.Kind, 0, len(kinds))
	for k := range kinds {
		order = append(order, k)
	}
	slices.SortFunc(order, func(a, b event.Kind) int { return cmp.Or(cmp.Compare(kinds[b], kinds[a]), cmp.Compare(a, b)) })
	named := order[:min(query.TopKinds, len(order))]

	width := uint64(1)
	for last/width-first/width >= uint64(most) {
		width *= 2
	}
	require.Equal(t, width, got.WidthMS())
	require.Equal(t, first/width*width, got.FirstMS())
	want := map[uint64]*query.Bucket{}
	for _, e := range events {
		at := e.WallMS/width - first/width
		b := want[at]
		if b == nil {
			b = &query.Bucket{At: at, FirstSequence: e.Sequence, EndSequence: e.Sequence}
			want[at] = b
		}
		b.Events++
		b.FirstSequence, b.EndSequence = min(b.FirstSequence, e.Sequence), max(b.EndSequence, e.Sequence+1)
		if !slices.Contains(named, e.Kind) {
			b.Other++
			continue
		}
		i := slices.IndexFunc(b.Kinds, func(c query.KindCount) bool { return c.Kind == e.Kind })
		if i < 0 {
			i = len(b.Kinds)
			b.Kinds = append(b.Kinds, query.KindCount{Kind: e.Kind})
		}
		b.Kinds[i].Events++
	}
	buckets := got.Buckets()
	require.Len(t, buckets, len(want))
	for i, b := range buckets {
		require.True(t, i == 0 || buckets[i-1].At < b.At)
		slices.SortFunc(want[b.At].Kinds, func(a, b query.KindCount) int { return cmp.Compare(a.Kind, b.Kind) })
		require.Equal(t, *want[b.At], b)
	}
	if width > 1 {
		require.GreaterOrEqual(t, 2*(last/width-first/width+1), uint64(most), "more than half are used")
	}
}

// TestTimelineOfAnyTimes: any times in any order, of more kinds than are named.
func TestTimelineOfAnyTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]int{-1, 1, 2, 3, 5, 64, 100, query.MaxBuckets, query.MaxBuckets + 1}).Draw(t, "buckets")
		times := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(1_780_000_000_000, 1_780_000_100_000),
			rapid.SampledFrom([]uint64{0, 1, math.MaxUint64, math.MaxUint64 - 1, 1 << 63}))
		kinds := rapid.IntRange(1, 200).Draw(t, "kinds")
		line := query.NewTimeline(most)
		var events []event.Event
		for i := range rapid.IntRange(0, 300).Draw(t, "events") {
			e := event.Event{}
			e.Sequence, e.WallMS = uint64(i*3), times.Draw(t, "ms")
			e.Kind = event.Kind(rapid.IntRange(0, kinds).Draw(t, "kind") * 300)
			events = append(events, e)
			line.Add(&query.Moment{Sequence: e.Sequence, WallMS: e.WallMS, Kind: e.Kind})
		}
		checkTimeline(t, line, min(max(most, 2), query.MaxBuckets), events)
	})
}

// TestTimelineOfManyKinds: kinds after the first 1024 count as others, and memory stays
// bounded.
func TestTimelineOfManyKinds(t *testing.T) {
	line := query.NewTimeline(8)
	for i := range uint64(1 << 16) {
		line.Add(&query.Moment{Sequence: i, WallMS: i / 7000, Kind: event.Kind(i)})
	}
	var named, other uint64
	for _, b := range line.Buckets() {
		for _, k := range b.Kinds {
			named += k.Events
		}
		other += b.Other
	}
	require.Equal(t, []uint64{query.TopKinds, 1<<16 - query.TopKinds}, []uint64{named, other})
}

// TestMarksDouble: the step doubles so that there are at most so many marks, whether they
// come from lists, by arithmetic or from records.
func TestMarksDouble(t *testing.T) {
	const n = 3*query.MaxMarks + 5
	events := scattered(n, 50)
	for i := range events {
		events[i].WallMS = uint64(i)
	}
	s, err := store.Open(made{index: indexOf(t, events)}, store.Options{})
	require.NoError(t, err)
	for name, r := range map[string]query.Region{
		"all": {}, "a prefix": {EntityPrefix: "a"}, "a list": {EntityPrefix: "account:0"},
		"records": {Times: query.Times{}.Since(0).ByWall()},
	} {
		for step, want := range map[uint64]uint64{1: 4, 2: 4, 3: 6, 4: 4, 100: 100} {
			marks, err := s.Marks(r, query.Pass{}, step)
			require.NoError(t, err)
			require.Equal(t, want, marks.Step, name)
			require.Equal(t, n, int(marks.Events), name)
			require.Len(t, marks.Sequences, int((n+want-1)/want), name)
			for i, sequence := range marks.Sequences {
				require.Equal(t, uint64(i)*want, sequence, name)
			}
		}
	}
}

// TestPassesOfOwnTimes: with own times a pass reads frames, and with times of WallMS none.
func TestPassesOfOwnTimes(t *testing.T) {
	files, events := timed(t, 600)
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	middle := events[len(events)/2]
	r := query.Region{Times: query.Times{}.Since(middle.TimestampUS)}
	var want, walls []event.Event
	for _, e := range events {
		if e.TimestampUS >= middle.TimestampUS {
			want = append(want, e)
		}
		if int64(e.WallMS)*1000 >= middle.TimestampUS {
			walls = append(walls, e)
		}
	}
	require.NotEqual(t, len(want), len(walls))
	askSurvey(t, s, r, query.Pass{}, want)
	for name := range files {
		if directory.KindOf(name) == directory.KindOf(segment.Name(1)) {
			clear(files[name][segment.FrameHead*20:]) // no frame can be read from here on
		}
	}
	r.Times = r.Times.ByWall()
	require.True(t, r.Times.OfWall())
	askSurvey(t, s, r, query.Pass{}, walls)
	got := collect(t, s.Query(r, query.Page{}))
	require.Len(t, got, len(walls))
}

// TestPassesStop: a pass reports its progress and ends with the watcher's error.
func TestPassesStop(t *testing.T) {
	s, err := store.Open(made{index: indexOf(t, scattered(40_000, 20))}, store.Options{})
	require.NoError(t, err)
	stop := errors.New("enough")
	passes := map[string]func(query.Region, query.Pass) error{
		"marks":    func(r query.Region, p query.Pass) error { _, err := s.Marks(r, p, 1); return err },
		"timeline": func(r query.Region, p query.Pass) error { _, err := s.Timeline(r, p, 9); return err },
	}
	for name, ask := range passes {
		for _, r := range []query.Region{{EntityPrefix: "account:001"}, {Clocks: query.ClocksBetween(1, 15)}, {Times: query.Times{}.Until(-1).Until(1 << 40).ByWall()}} {
			var last uint64
			calls := 0
			require.NoError(t, ask(r, query.Pass{Progress: func(done, total uint64) error {
				require.LessOrEqual(t, done, total)
				require.LessOrEqual(t, last, done)
				require.Equal(t, uint64(40_000), total)
				last = done
				calls++
				return nil
			}}), name)
			require.Greater(t, calls, 3, "%s %+v", name, r)
			err := ask(r, query.Pass{Progress: func(done, _ uint64) error {
				if done > 10_000 {
					return stop
				}
				return nil
			}})
			require.Equal(t, stop, err, name)
		}
	}
}

// TestPassesRepair: a pass that meets a damaged page of an index is complete all the same, and
// counts no event twice.
func TestPassesRepair(t *testing.T) {
	sound, events := timed(t, 3000)
	middle := int64(events[1500].WallMS) * 1000
	for _, file := range []string{artifact.FileName, index.FileName} {
		for part := range 16 {
			files := maps.Clone(sound)
			bad := slices.Clone(files[file])
			bad[len(bad)/2+len(bad)*part/32] ^= 4
			files[file] = bad
			for _, r := range []query.Region{{EntityPrefix: "e"}, {Kinds: event.AnyOf(0x1000, 0x1002), Scope: "s1"}, {Times: query.Times{}.Since(middle).ByWall()}} {
				s, err := store.Open(directory.Memory(files), store.Options{})
				require.NoError(t, err)
				var want []event.Event
				for _, e := range events {
					if r.Has(&e) {
						want = append(want, e)
					}
				}
				timeline, err := s.Timeline(r, query.Pass{}, 99)
				require.NoError(t, err)
				checkTimeline(t, timeline, 99, want)
				s, err = store.Open(directory.Memory(files), store.Options{})
				require.NoError(t, err)
				marks, err := s.Marks(r, query.Pass{}, 1)
				require.NoError(t, err)
				require.Len(t, marks.Sequences, len(want))
				for i := range want {
					require.Equal(t, want[i].Sequence, marks.Sequences[i])
				}
			}
		}
	}
}
