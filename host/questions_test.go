package host_test

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// gathered returns the items of an iteration.
func gathered[T any](t require.TestingT, seq iter.Seq2[T, error]) []T {
	out := []T{}
	for v, err := range seq {
		require.NoError(t, err)
		out = append(out, v)
	}
	return out
}

// own is an event as the model of questions has it: with its own time.
type own struct {
	event.Event
	us int64
}

// TestQuestions asks a store that is written to, with sealed segments, part files and a tail
// in memory, and a reader of its directory, and compares the answers with a slice.
func TestQuestions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := t.Context()
		fs := crashfs.New()
		s, err := host.Open(ctx, "store", host.Options{
			FS: fs, Logger: quiet, Durability: host.LoseUpTo(time.Hour), SegmentSize: 4 << 10,
			TailLimit: uint64(rapid.SampledFrom([]int{50, 500, 100_000}).Draw(t, "tail limit")),
		})
		require.NoError(t, err)
		defer s.Close()
		r, err := host.OpenReader(ctx, "store", host.ReaderOptions{FS: fs, Logger: quiet})
		require.NoError(t, err)
		defer r.Close()
		var log []own
		for range rapid.IntRange(1, 5).Draw(t, "rounds") {
			for range rapid.IntRange(0, 40).Draw(t, "events") {
				us := int64(1_000_000 + 100*len(log) + rapid.IntRange(0, 20_000).Draw(t, "time"))
				options := []host.AppendOption{host.WithTime(time.UnixMicro(us))}
				if len(log) > 0 && rapid.Bool().Draw(t, "caused") {
					options = append(options, host.CausedBy(rapid.SampledFrom(log).Draw(t, "cause").ID))
				}
				n := rapid.IntRange(0, 5).Draw(t, "entity")
				got, err := s.Append(ctx, event.At("e"+strconv.Itoa(n), "s"+strconv.Itoa(n%2)),
					event.Kind(0x1000+rapid.IntRange(0, 4).Draw(t, "kind")), len(log), options...)
				require.NoError(t, err)
				full, err := s.Get(ctx, got.ID)
				require.NoError(t, err)
				log = append(log, own{Event: full.Event, us: us})
				log[len(log)-1].TimestampUS, log[len(log)-1].Timed = 0, false
			}
			_, err := r.Refresh(ctx)
			require.NoError(t, err)
			snapshot, err := s.Snapshot()
			require.NoError(t, err)
			for _, reader := range []host.Reader{s, snapshot, r} {
				requireQuestion(t, reader, log)
				requireLists(t, reader, log)
				requireGraph(t, reader, log)
			}
			require.NoError(t, snapshot.Close())
		}
	})
}

func requireQuestion(t *rapid.T, r host.Reader, log []own) {
	var region host.Region
	if rapid.Bool().Draw(t, "by kinds") {
		region.Kinds = event.AnyOf(0x1000, 0x1003, event.Kind(0x1000+rapid.IntRange(0, 9).Draw(t, "third")))
	}
	switch rapid.IntRange(0, 3).Draw(t, "by") {
	case 0:
		region.Entity = "e" + strconv.Itoa(rapid.IntRange(0, 6).Draw(t, "which"))
	case 1:
		region.Scope = "s1"
	case 2:
		region.EntityPrefix = "e"
	}
	if rapid.Bool().Draw(t, "since?") {
		region.Since = time.UnixMicro(int64(rapid.IntRange(1_000_000, 1_030_000).Draw(t, "since")))
	}
	if rapid.Bool().Draw(t, "until?") {
		region.Until = time.UnixMicro(int64(rapid.IntRange(1_000_000, 1_030_000).Draw(t, "until")))
	}
	page := host.Page{
		From: uint64(rapid.IntRange(0, 60).Draw(t, "from")), To: uint64(rapid.IntRange(0, 150).Draw(t, "to")),
		Limit: rapid.SampledFrom([]int{0, 1, 3, 20}).Draw(t, "limit"), Reverse: rapid.Bool().Draw(t, "reverse"),
	}
	want := []event.Event{}
	for _, e := range log {
		if e.Sequence < page.From || page.To > 0 && e.Sequence >= page.To || !region.Kinds.Has(e.Kind) ||
			region.Entity != "" && e.Entity != region.Entity || region.Scope != "" && e.Scope != region.Scope ||
			!strings.HasPrefix(e.Entity, region.EntityPrefix) ||
			!region.Since.IsZero() && e.us < region.Since.UnixMicro() || !region.Until.IsZero() && e.us >= region.Until.UnixMicro() {
			continue
		}
		want = append(want, e.Event)
	}
	if page.Reverse {
		slices.Reverse(want)
	}
	// Page by page, which a limit of 0 makes one page.
	got, next := []event.Event{}, page
	for ok := true; ok; {
		some := gathered(t, r.Query(t.Context(), region, next))
		got = append(got, some...)
		if page.Limit == 0 || len(some) < page.Limit {
			break
		}
		next, ok = next.Next(some[len(some)-1])
	}
	for i := range got {
		if got[i].Timed {
			require.Equal(t, log[got[i].Sequence].us, got[i].TimestampUS)
		}
		got[i].TimestampUS, got[i].Timed = 0, false
	}
	require.Equal(t, want, got)
}

func requireLists(t *rapid.T, r host.Reader, log []own) {
	entities, kinds := map[string]host.Extent{}, map[event.Kind]host.Extent{}
	for _, e := range log {
		one := host.Extent{Events: 1, FirstSequence: e.Sequence, LastSequence: e.Sequence, FirstWallMS: e.WallMS, LastWallMS: e.WallMS}
		x, k := entities[e.Entity], kinds[e.Kind]
		x.Append(one)
		k.Append(one)
		entities[e.Entity], kinds[e.Kind] = x, k
	}
	last := ""
	n := 0
	for e, err := range r.Entities(t.Context(), "", host.NamePage{}) {
		require.NoError(t, err)
		require.Greater(t, e.Name, last)
		require.Equal(t, entities[e.Name], e.Extent)
		last = e.Name
		n++
	}
	require.Len(t, entities, n)
	n = 0
	for k, err := range r.Kinds(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, kinds[k.Kind], k.Extent)
		n++
	}
	require.Len(t, kinds, n)
	total := uint64(0)
	for s, err := range r.Scopes(t.Context(), "s", host.NamePage{}) {
		require.NoError(t, err)
		total += s.Events
	}
	require.Equal(t, len(log), int(total))
}

// requireGraph compares a graph with the causes and effects that other queries return.
func requireGraph(t *rapid.T, r host.Reader, log []own) {
	if len(log) == 0 {
		return
	}
	id := rapid.SampledFrom(log).Draw(t, "graph of").ID
	links := gathered(t, r.Graph(t.Context(), id, host.GraphOptions{}))
	require.Equal(t, id, links[0].ID)
	distances := map[event.ID]int{}
	var causes, effects []event.Event
	for _, l := range links {
		distances[l.ID] = l.Distance
		require.Zero(t, l.Cut)
		switch {
		case l.Distance < 0:
			causes = append(causes, l.Event)
		case l.Distance > 0:
			effects = append(effects, l.Event)
			require.Equal(t, l.Distance-1, distances[l.Causation], "an edge is one step")
		}
	}
	require.Equal(t, gathered(t, r.Ancestors(t.Context(), id, 0)), append([]event.Event{}, causes...))
	require.Equal(t, gathered(t, r.Effects(t.Context(), id, 0)), append([]event.Event{}, effects...))
	n := 0
	for l, err := range r.Graph(t.Context(), id, host.GraphOptions{Payloads: true}) {
		require.NoError(t, err)
		full, err := r.Read(t.Context(), l.Event)
		require.NoError(t, err)
		require.Equal(t, full, l.Full)
		require.Equal(t, links[n].Distance, l.Distance)
		n++
	}
	require.Len(t, links, n)
}
