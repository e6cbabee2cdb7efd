package commit_test

import (
	"encoding/binary"
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// unless returns a condition on one region.
func unless(from uint64, r query.Region) []*commit.Condition {
	return []*commit.Condition{{From: from, Regions: []query.Region{r}}}
}

// conditional returns an entry of an entity with a condition.
func conditional(n byte, entity string, c ...*commit.Condition) commit.Entry {
	e := valid(n)
	e.Entity, e.Conditions = entity, c
	return e
}

// TestConditionOfGroup: a condition counts what is staged before it, in the group and in
// its own batch, and what is rolled back does not count.
func TestConditionOfGroup(t *testing.T) {
	log := commit.NewLog(commit.NoHistory{}, 7)
	log.Start(1, 57)
	c := unless(7, query.Region{Entity: "e"})
	one, two := conditional(1, "e", c...), conditional(2, "e", c...)

	_, err := log.AppendBatch(nil, []commit.Entry{one, two}, 5)
	var item *commit.ItemError
	require.ErrorAs(t, err, &item)
	require.Equal(t, 1, item.Item)
	require.ErrorIs(t, err, commit.ErrBatchCondition)
	var conflict *commit.ConditionError
	require.ErrorAs(t, err, &conflict)
	require.Equal(t, commit.ConditionError{From: 7, ID: one.ID, Sequence: 7, At: one.Coordinate, Kind: one.Kind, InBatch: true}, *conflict)
	require.Empty(t, log.Frames())

	_, err = log.Append(&one, 5)
	require.NoError(t, err, "the batch left nothing behind")
	_, err = log.Append(&two, 5)
	require.ErrorAs(t, err, &conflict)
	log.Rollback()
	_, err = log.Append(&two, 5)
	require.NoError(t, err)
	log.Commit()
	one.Conditions = unless(8, query.Region{})
	_, err = log.Append(&one, 5)
	require.NoError(t, err, "the position is after the event")
	three := conditional(3, "f", unless(8, query.Region{})...)
	_, err = log.Append(&three, 5)
	require.ErrorAs(t, err, &conflict)
	require.Equal(t, one.ID, conflict.ID)
}

// TestConditionNamesFirst: of several regions and events the event with the lowest
// sequence is reported, with the first region that it is in.
func TestConditionNamesFirst(t *testing.T) {
	log := commit.NewLog(commit.NoHistory{}, 0)
	log.Start(1, 57)
	for n, entity := range []string{"x", "a", "b", "a"} {
		e := conditional(byte(n+1), entity)
		_, err := log.Append(&e, 5)
		require.NoError(t, err)
	}
	for _, c := range []struct {
		from             uint64
		regions          []query.Region
		region, sequence int
	}{
		{0, []query.Region{{Entity: "b"}, {Entity: "a"}}, 1, 1},
		{0, []query.Region{{Entity: "none"}, {Scope: "s"}, {Entity: "x"}}, 1, 0},
		{2, []query.Region{{Entity: "a"}}, 0, 3},
		{2, []query.Region{{EntityPrefix: "a"}, {}}, 1, 2},
		{1, []query.Region{{Clocks: query.ClocksBetween(1, 1)}}, 0, 3},
	} {
		e := conditional(9, "e", &commit.Condition{From: c.from, Regions: c.regions})
		_, err := log.Append(&e, 5)
		var conflict *commit.ConditionError
		require.ErrorAs(t, err, &conflict)
		require.Equal(t, c.region, conflict.Region)
		require.EqualValues(t, c.sequence, conflict.Sequence)
		require.EqualValues(t, c.sequence+1, conflict.ID[15])
	}
}

// TestConditionCheck: the check gets the id of the store's first event and the end of the
// committed events, whether the history knows that event or only the log.
func TestConditionCheck(t *testing.T) {
	type asked struct {
		store event.ID
		end   uint64
	}
	var got []asked
	answers := []error{nil}
	check := func(store event.ID, end uint64) error {
		got = append(got, asked{store, end})
		err := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
		}
		return err
	}
	c := &commit.Condition{Check: check, Regions: []query.Region{{Entity: "none"}}}
	log := commit.NewLog(commit.NoHistory{}, 3)
	log.Start(1, 57)
	add := func(n byte) error {
		e := conditional(n, "e", c)
		_, err := log.Append(&e, 5)
		return err
	}
	require.NoError(t, add(1))
	require.NoError(t, add(2))
	require.Equal(t, []asked{{end: 3}, {end: 3}}, got, "staged events give a store no identity")
	log.Commit()
	got = nil
	require.NoError(t, add(3))
	require.Equal(t, []asked{{event.ID{15: 1}, 5}}, got)
	answers = []error{errCheck}
	require.ErrorIs(t, add(4), errCheck)

	// A history that lost its first event has another identity from then on.
	state := newModel(8)
	state.events = []commit.Known{{Receipt: commit.Receipt{ID: event.ID{1}}}}
	log = commit.NewLog(state, 8)
	log.Start(1, 57)
	answers = []error{nil}
	require.NoError(t, add(5))
	state.events[0].ID = event.ID{2}
	got, answers = nil, []error{errCheck, nil}
	require.NoError(t, add(6))
	require.Equal(t, []asked{{event.ID{1}, 8}, {event.ID{2}, 8}}, got)
}

// TestKeyBeforeCondition: a repetition under a key is not judged.
func TestKeyBeforeCondition(t *testing.T) {
	log := commit.NewLog(commit.NoHistory{}, 0)
	log.Start(1, 57)
	e := conditional(1, "e", unless(0, query.Region{Entity: "e"})...)
	e.Key = true
	first, err := log.Append(&e, 5)
	require.NoError(t, err)
	log.Commit()
	e.Conditions[0].Check = func(event.ID, uint64) error { return errCheck }
	again, err := log.Append(&e, 5)
	require.NoError(t, err)
	require.True(t, again.Repeated)
	require.Equal(t, first.Sequence, again.Sequence)
	rs, err := log.AppendBatch(nil, []commit.Entry{e}, 5)
	require.NoError(t, err)
	require.True(t, rs[0].Repeated)
}

// TestCheckRegions refuses what cannot be judged.
func TestCheckRegions(t *testing.T) {
	require.ErrorIs(t, commit.CheckRegions(nil), commit.ErrNoRegion)
	require.NoError(t, commit.CheckRegions(make([]query.Region, commit.MaxRegions)))
	err := commit.CheckRegions(make([]query.Region, commit.MaxRegions+1))
	var limit *commit.LimitError
	require.ErrorAs(t, err, &limit)
	require.Equal(t, commit.LimitError{What: "regions of a condition", Got: commit.MaxRegions + 1, Max: commit.MaxRegions}, *limit)
	all := query.Region{Entity: "e", EntityPrefix: "e", Scope: "s", Kinds: event.Only(1), Clocks: query.ClocksBetween(1, 2)}
	require.NoError(t, commit.CheckRegions([]query.Region{{}, all}))
	all.Times = all.Times.Since(1)
	require.ErrorIs(t, commit.CheckRegions([]query.Region{{}, all}), commit.ErrRegion)
}

// filled returns a log with n committed events: 100 entities "account-0" to
// "account-99", scope "bank".
func filled(t testing.TB, n int) (*commit.Log, *load) {
	log := commit.NewLog(commit.NoHistory{}, 0)
	log.Start(1, 57)
	l := newLoad(1000)
	for range n / 1000 {
		_, err := log.AppendBatch(nil, l.fresh(), 1000)
		require.NoError(t, err)
		log.Commit()
	}
	return log, l
}

// conditions are those that the cost is measured of. Each holds for every item of a load.
var conditions = []struct {
	name string
	make func(i int) query.Region
}{
	{"entity", func(i int) query.Region { return query.Region{Entity: "free-" + strconv.Itoa(i)} }},
	{"entity and kind", func(i int) query.Region {
		return query.Region{Entity: "account-" + strconv.Itoa(i%100), Kinds: event.Only(0x7777)}
	}},
	{"scope and kind", func(int) query.Region { return query.Region{Scope: "bank", Kinds: event.Only(0x7777)} }},
	{"kind", func(int) query.Region { return query.Region{Kinds: event.Only(0x7777)} }},
	{"prefix", func(i int) query.Region { return query.Region{EntityPrefix: "free-" + strconv.Itoa(i)} }},
}

// TestConditionAllocations: a condition that holds allocates nothing.
func TestConditionAllocations(t *testing.T) {
	for _, c := range conditions {
		t.Run(c.name, func(t *testing.T) {
			log, l := filled(t, 5000)
			for i := range l.entries {
				l.entries[i].Conditions = unless(4500, c.make(i))
			}
			i := 0
			allocations := testing.AllocsPerRun(300, func() {
				e := &l.entries[i]
				i++
				l.last++
				binary.BigEndian.PutUint64(e.ID[:], l.last)
				if _, err := log.Append(e, 1000); err != nil {
					t.Fatal(err)
				}
				log.Rollback()
			})
			require.LessOrEqual(t, allocations, 1.0)
		})
	}
}

// TestConditionsOfBatchAreBounded judges conditions that all items of the largest batch
// have, which takes many minutes if each is judged from its beginning.
func TestConditionsOfBatchAreBounded(t *testing.T) {
	for _, c := range conditions[1:4] {
		log := commit.NewLog(commit.NoHistory{}, 0)
		log.Start(1, 57)
		l := newLoad(commit.MaxBatch)
		for i := range l.entries {
			l.entries[i].Conditions, l.entries[i].Payload = unless(0, c.make(i)), []byte{0xc0}
		}
		_, err := log.AppendBatch(nil, l.fresh(), 1000)
		require.NoError(t, err)
	}
}

// steppingHistory counts how often it is asked for an event of a region.
type steppingHistory struct {
	*model
	asked int
	err   error
}

func (h *steppingHistory) FirstIn(r *query.Region, from, to uint64) (commit.Known, bool, uint64, error) {
	h.asked++
	if h.err != nil {
		return commit.Known{}, false, 0, h.err
	}
	return h.model.FirstIn(r, from, to)
}

// TestConditionAsksHistory: events that the log holds are not asked for, unless they are
// many, and what was found is remembered.
func TestConditionAsksHistory(t *testing.T) {
	h := &steppingHistory{model: newModel(5)}
	h.events = []commit.Known{{Coordinate: event.At("old", "s"), Receipt: commit.Receipt{ID: event.ID{1}, Sequence: 4}}}
	log := commit.NewLog(h, 5)
	log.Start(1, 57)
	n := byte(0)
	add := func(from uint64, r query.Region) error {
		n++
		e := conditional(n, "e", unless(from, r)...)
		_, err := log.Append(&e, 5)
		log.Commit()
		return err
	}
	require.NoError(t, add(5, query.Region{Scope: "t"}))
	require.Zero(t, h.asked, "the log holds everything since")
	require.ErrorIs(t, add(4, query.Region{EntityPrefix: "ol"}), commit.ErrConflict)
	require.Equal(t, 1, h.asked)
	require.NoError(t, add(0, query.Region{Scope: "t"}))
	require.Equal(t, 2, h.asked)
	require.NoError(t, add(0, query.Region{Scope: "t"}))
	require.Equal(t, 2, h.asked, "it is known that there is none")

	log.AskHistoryAfter(2)
	require.NoError(t, add(5, query.Region{Kinds: event.Only(0x7777)}))
	require.Equal(t, 3, h.asked, "three events are many")
	h.err = errors.New("the disk")
	require.ErrorIs(t, add(5, query.Region{Kinds: event.Only(0x8888)}), h.err)
	require.ErrorIs(t, add(1, query.Region{}), h.err)
	failed := commit.NewLog(failing{h.err}, 5)
	failed.Start(1, 57)
	e := conditional(1, "e", &commit.Condition{Check: func(event.ID, uint64) error { return nil }, Regions: []query.Region{{}}})
	_, err := failed.Append(&e, 5)
	require.ErrorIs(t, err, h.err)
}

// TestSearchedRegions: that a region has no event is remembered for the sequences that were
// looked at, and only while these have the same events.
func TestSearchedRegions(t *testing.T) {
	h := &steppingHistory{model: newModel(5)}
	h.events = []commit.Known{{Coordinate: event.At("early", "s"), Receipt: commit.Receipt{ID: event.ID{1}, Sequence: 1}}}
	log := commit.NewLog(h, 5)
	log.Start(1, 57)
	add := func(n byte, entity string, c ...*commit.Condition) error {
		e := conditional(n, entity, c...)
		_, err := log.Append(&e, 5)
		return err
	}
	early := unless(2, query.Region{EntityPrefix: "early"})
	require.NoError(t, add(1, "other", early...))
	require.NoError(t, add(2, "other", early...))
	require.ErrorIs(t, add(3, "other", unless(1, query.Region{EntityPrefix: "early"})...), commit.ErrConflict, "an earlier position")
	log.Rollback()
	require.NoError(t, add(4, "early"))
	require.ErrorIs(t, add(5, "other", early...), commit.ErrConflict, "what was rolled back is another event now")
	log.Rollback()
	for n := range byte(20) { // more regions than are remembered
		require.NoError(t, add(6+2*n, "other", unless(2, query.Region{EntityPrefix: string(rune('A' + n))})...))
	}
	require.NoError(t, add(50, "other", early...))
	require.NoError(t, add(51, "early", early...))
	require.ErrorIs(t, add(52, "other", early...), commit.ErrConflict, "what was added since")
	require.NoError(t, add(53, "B"))
	require.ErrorIs(t, add(54, "other", unless(2, query.Region{EntityPrefix: "B"})...), commit.ErrConflict)
}

// TestLinksFollowTheLog: a condition on an entity sees the events that took the place of
// rolled back ones, and those that remain after others were forgotten.
func TestLinksFollowTheLog(t *testing.T) {
	h := newModel(0)
	log := commit.NewLog(h, 0)
	log.Start(1, 57)
	n := byte(0)
	add := func(entity string, c ...*commit.Condition) error {
		n++
		e := conditional(n, entity, c...)
		_, err := log.Append(&e, 5)
		return err
	}
	of := func(from uint64, entity string) []*commit.Condition {
		return unless(from, query.Region{Entity: entity})
	}
	require.NoError(t, add("a"))
	require.NoError(t, add("b"))
	log.Commit()
	require.NoError(t, add("a"))
	require.ErrorIs(t, add("x", of(2, "a")...), commit.ErrConflict)
	log.Rollback()
	require.NoError(t, add("b"))
	require.ErrorIs(t, add("x", of(2, "b")...), commit.ErrConflict)
	require.NoError(t, add("x", of(2, "a")...))
	log.Commit()
	log.Start(2, 57)
	require.NoError(t, add("c"))
	log.Commit()
	require.ErrorIs(t, add("x", of(3, "c")...), commit.ErrConflict)
	forget(t, log, 3)
	h.next = 3
	require.ErrorIs(t, add("x", of(4, "c")...), commit.ErrConflict)
	require.NoError(t, add("x", of(4, "a")...))
}

// BenchmarkAppendConditional appends batches of 1,000 items with a condition each, whose
// position is 100,000 events ago, and without.
func BenchmarkAppendConditional(b *testing.B) {
	for _, c := range append(conditions, struct {
		name string
		make func(i int) query.Region
	}{name: "none"}) {
		b.Run(c.name, func(b *testing.B) {
			log, l := filled(b, 100_000)
			for i := range l.entries {
				if c.make != nil {
					l.entries[i].Conditions = unless(0, c.make(i))
				}
			}
			var receipts []commit.Receipt
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if receipts, err = log.AppendBatch(receipts[:0], l.fresh(), 1000); err != nil {
					b.Fatal(err)
				}
				log.Rollback()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/event")
		})
	}
}
