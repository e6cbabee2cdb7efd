package store_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// shape describes a made store.
type shape struct {
	events, entities int
	parts            int
	holes            bool // in the sequences
	rising           bool // clocks
	hidden           int  // ranges, of which some touch the borders of parts
	file             bool // index.fbati is not memory
}

var shapes = []shape{
	{events: 3000, entities: 300, parts: 1, rising: true},
	{events: 3000, entities: 300, parts: 1, rising: true, hidden: 3, file: true},
	{events: 3000, entities: 30, parts: 2, rising: true, hidden: 200},
	{events: 3000, entities: 300, parts: 4, rising: true, hidden: 5, file: true},
	{events: 3000, entities: 30, parts: 3, holes: true, rising: true, hidden: 40, file: true},
	{events: 3000, entities: 300, parts: 4, holes: true},
	{events: 3000, entities: 3, parts: 2, hidden: 10, file: true},
	{events: 40_000, entities: 20_000, parts: 2, rising: true, hidden: 10, file: true},
	{events: 0, parts: 1},
	{events: 1, entities: 1, parts: 1, rising: true, file: true},
}

// shaped is a store and its visible events.
type shaped struct {
	*store.Snapshot
	shape   shape
	events  []event.Event
	borders []uint64 // sequences at which parts and hidden ranges begin and end
}

// makeShaped makes a store. It has so many kinds that those of a category are more
// lists than are merged on the fly.
func makeShaped(t testing.TB, s shape, o store.Options) shaped {
	rng := rand.New(rand.NewPCG(uint64(s.events), uint64(s.entities)))
	all := make([]event.Event, s.events)
	clocks := map[string]uint32{}
	sequence := uint64(7)
	for i := range all {
		e := framed(event.Event{}, i)
		e.Entity = fmt.Sprintf("e:%05d", rng.IntN(s.entities))
		e.Scope = []string{"s0", "s1", "s2", "s2", "s3", "e:00001"}[rng.IntN(6)]
		kind := rng.IntN(60) * rng.IntN(60) / 60 // some are rare
		e.Kind = []event.Kind{0x1000, 0x2000, 0x2100}[kind%3] + event.Kind(kind)
		if sequence++; s.holes && rng.IntN(3) == 0 {
			sequence += rng.Uint64N(4)
		}
		e.Sequence = sequence
		e.Clock = clocks[e.Entity]
		if clocks[e.Entity]++; !s.rising {
			e.Clock = rng.Uint32N(9)
		}
		e.WallMS = 1_780_000_000_000 + uint64(5*i+7919*i%400) // rises and falls, as with several clocks
		all[i] = e
	}
	// Each part that is grown is more than twice as long as the next, so that they
	// stay apart.
	var ends []int
	for _, behind := range []int{40, 12, 3}[:s.parts-1] {
		ends = append(ends, s.events-s.events*behind/100)
	}
	ends = append(ends, s.events)
	out := shaped{shape: s}
	var ranges visibility.Ranges
	for i := range s.hidden {
		start := 7 + rng.Uint64N(sequence)
		if i < len(ends) && i%2 == 0 && ends[i] > 0 {
			start = all[ends[i]-1].Sequence - 2
		}
		ranges = ranges.Add(visibility.Range{Start: start, End: start + 1 + rng.Uint64N(12)})
	}
	m := made{index: indexOf(t, all[:ends[0]])}
	if s.file {
		m.index = newFileLike(m.index.(source.Bytes))
	}
	if s.hidden > 0 {
		m.hidden = visibility.AppendFile(nil, ranges)
	}
	snapshot, err := store.Open(m, o)
	require.NoError(t, err)
	for i := range ends[1:] {
		d := draftOf(t, all[ends[i]:ends[i+1]])
		snapshot, err = snapshot.Grow(d.Run(0, d.Savepoint()), artifact.MaxAllocator-1)
		require.NoError(t, err)
	}
	if s.events > 1 {
		require.Equal(t, s.parts, snapshot.Parts())
	}
	out.Snapshot = snapshot
	for _, e := range all {
		if !ranges.Hides(e.Sequence) {
			out.events = append(out.events, e)
		}
	}
	for _, r := range ranges {
		out.borders = append(out.borders, r.Start, r.End)
	}
	for _, end := range ends {
		if end > 0 && end < len(all) {
			out.borders = append(out.borders, all[end].Sequence)
		}
	}
	return out
}

// holds checks a region by hand.
func holds(r *query.Region, low, high uint32, e *event.Event) bool {
	return (r.Entity == "" || e.Entity == r.Entity) && (r.Scope == "" || e.Scope == r.Scope) &&
		strings.HasPrefix(e.Entity, r.EntityPrefix) && r.Kinds.Has(e.Kind) && low <= e.Clock && e.Clock <= high
}

// TestRegions asks random queries of made stores and compares the answers with a filter
// over all events.
func TestRegions(t *testing.T) {
	var hooked sync.Mutex
	calls := 0
	parallel := func(n int, f func(i int)) {
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { f(i) })
		}
		wg.Wait()
		hooked.Lock()
		defer hooked.Unlock()
		calls++
		if n < 2 {
			panic("nothing to share")
		}
	}
	for _, s := range shapes {
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) {
			o := makeShaped(t, s, store.Options{Parallel: parallel})
			rapid.Check(t, func(t *rapid.T) { askRegion(t, o) })
		})
	}
	require.Positive(t, calls)
}

func askRegion(t *rapid.T, o shaped) {
	maybe := func(label string) bool { return rapid.Bool().Draw(t, label) }
	one := event.Event{}
	if len(o.events) > 0 {
		one = rapid.SampledFrom(o.events).Draw(t, "event")
	}
	var r query.Region
	if maybe("by entity") {
		r.Entity = rapid.SampledFrom([]string{one.Entity, one.Entity, "e:00001", "s1", "nobody"}).Draw(t, "entity")
	}
	if maybe("by prefix") {
		r.EntityPrefix = one.Entity[:rapid.IntRange(0, len(one.Entity)).Draw(t, "prefix")]
	}
	if maybe("by scope") {
		r.Scope = rapid.SampledFrom([]string{one.Scope, "s2", "e:00001", "nowhere"}).Draw(t, "scope")
	}
	switch rapid.IntRange(0, 4).Draw(t, "by kind") {
	case 1:
		r.Kinds = event.Only(one.Kind)
	case 2:
		r.Kinds = event.InCategory(rapid.SampledFrom([]uint8{1, 2, 2, 3}).Draw(t, "category"))
	case 3:
		r.Kinds = someKinds(t, o.events)
	}
	var low, high uint32 = 0, math.MaxUint32
	if maybe("by clock") {
		low, high = rapid.Uint32Max(8).Draw(t, "low"), rapid.Uint32Max(12).Draw(t, "high")
		if maybe("open") {
			high = math.MaxUint32
		}
		r.Clocks = query.ClocksBetween(low, high)
	}
	walls := func(*event.Event) bool { return true }
	if maybe("by wall") {
		r.Times, walls = someWalls(t, one.WallMS)
	}
	page := query.Page{}
	if maybe("from") {
		page.From = one.Sequence + 1
		if maybe("a border") && len(o.borders) > 0 {
			page.From = rapid.SampledFrom(o.borders).Draw(t, "border") + rapid.Uint64Max(1).Draw(t, "and")
		}
	}
	want := []event.Event{}
	for i := range o.events {
		if e := &o.events[i]; e.Sequence >= page.From && holds(&r, low, high, e) && walls(e) {
			require.True(t, r.Has(e))
			want = append(want, *e)
		}
	}
	n, err := o.Count(r, page.From)
	require.NoError(t, err)
	require.Equal(t, len(want), int(n))
	if maybe("to") {
		page.To = page.From + rapid.OneOf(rapid.Uint64Max(20), rapid.Uint64Max(8000)).Draw(t, "length")
		if maybe("another border") && len(o.borders) > 0 {
			page.To = rapid.SampledFrom(o.borders).Draw(t, "to border") + rapid.Uint64Max(1).Draw(t, "to and")
		}
		want = slices.DeleteFunc(want, func(e event.Event) bool { return page.To > 0 && e.Sequence >= page.To })
	}
	askSurvey(t, o.Snapshot, r, query.Pass{From: page.From, To: page.To}, want)
	if page.Reverse = maybe("reverse"); page.Reverse {
		slices.Reverse(want)
	}
	if maybe("limited") {
		page.Limit = rapid.SampledFrom([]int{1, 2, 16, 17, 100}).Draw(t, "limit")
		want = want[:min(page.Limit, len(want))]
	}
	got := collect(t, o.Query(r, page))
	require.Equal(t, len(want), len(got))
	require.True(t, slices.Equal(want, got))

	// Stopping does not lose the place.
	stop, again := rapid.IntRange(0, max(len(want)-1, 0)).Draw(t, "stop"), []event.Event{}
	for e, err := range o.Query(r, page) {
		require.NoError(t, err)
		if again = append(again, e); len(again) == stop+1 {
			break
		}
	}
	if len(again) > 0 && (page.Limit == 0 || len(again) < page.Limit) {
		rest, ok := page.Next(again[len(again)-1])
		if page.Limit > 0 {
			rest.Limit = page.Limit - len(again)
		}
		if ok {
			again = append(again, collect(t, o.Query(r, rest))...)
		}
	}
	require.True(t, slices.Equal(want, again))

	if r.Entity != "" {
		askStream(t, o, r.Entity, low)
	}
}

func askStream(t *rapid.T, o shaped, entity string, from uint32) {
	want := []event.Event{}
	for i := range o.events {
		if e := &o.events[i]; e.Entity == entity && e.Clock >= from {
			want = append(want, *e)
		}
	}
	slices.SortStableFunc(want, func(a, b event.Event) int { return int(a.Clock) - int(b.Clock) })
	got := collect(t, o.Stream(entity, query.StreamPage{From: from}))
	require.True(t, slices.Equal(want, got))
	got = collect(t, o.Stream(entity, query.StreamPage{From: from, Limit: 3}))
	require.True(t, slices.Equal(want[:min(3, len(want))], got))

	page := query.StreamPage{From: from, Reverse: rapid.Bool().Draw(t, "reverse stream")}
	if page.To = rapid.Uint32Max(12).Draw(t, "to clock"); page.To > 0 {
		want = slices.DeleteFunc(want, func(e event.Event) bool { return e.Clock >= page.To })
	}
	if page.Reverse {
		slices.Reverse(want)
	}
	got = collect(t, o.Stream(entity, page))
	require.True(t, slices.Equal(want, got))
	page.Limit = 2
	got = collect(t, o.Stream(entity, page))
	require.True(t, slices.Equal(want[:min(2, len(want))], got))
	if o.shape.rising && len(got) > 0 {
		next, ok := page.Next(got[len(got)-1])
		want = want[len(got):]
		if ok {
			require.True(t, slices.Equal(want[:min(2, len(want))], collect(t, o.Stream(entity, next))))
		} else {
			require.Empty(t, want)
		}
	}
}

// someKinds draws a set of kinds, of which some exist.
func someKinds(t *rapid.T, events []event.Event) event.Kinds {
	var kinds []event.Kind
	for range rapid.IntRange(0, 40).Draw(t, "kinds") {
		k := event.Kind(rapid.Uint16().Draw(t, "kind"))
		if len(events) > 0 && rapid.IntRange(0, 9).Draw(t, "exists") > 0 {
			k = rapid.SampledFrom(events).Draw(t, "of").Kind
		}
		kinds = append(kinds, k)
	}
	return event.AnyOf(kinds...)
}
