package store_test

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// every collects an iteration of any type.
func every[T any](t require.TestingT, seq iter.Seq2[T, error]) []T {
	out := []T{}
	for v, err := range seq {
		require.NoError(t, err)
		out = append(out, v)
	}
	return out
}

// extents is the model of lists: the extents of events by a key.
func extents[K cmp.Ordered](events []event.Event, of func(*event.Event) K) (keys []K, by map[K]query.Extent) {
	by = map[K]query.Extent{}
	for i := range events {
		e := &events[i]
		x, ok := by[of(e)]
		if !ok {
			x.FirstSequence, x.FirstWallMS = e.Sequence, e.WallMS
			keys = append(keys, of(e))
		}
		x.Events++
		x.LastSequence, x.LastWallMS = e.Sequence, e.WallMS
		by[of(e)] = x
	}
	slices.Sort(keys)
	return keys, by
}

func nameSummaries(events []event.Event, of func(*event.Event) string, prefix string, page query.NamePage) []query.NameSummary {
	keys, by := extents(events, of)
	out := []query.NameSummary{}
	for _, k := range keys {
		if strings.HasPrefix(k, prefix) && k > page.After && (page.Limit <= 0 || len(out) < page.Limit) {
			out = append(out, query.NameSummary{Name: k, Extent: by[k]})
		}
	}
	return out
}

func entityOf(e *event.Event) string { return e.Entity }
func scopeOf(e *event.Event) string  { return e.Scope }

// requireLists compares every list of a store with its model.
func requireLists(t *testing.T, s *store.Snapshot, events []event.Event) {
	keys, by := extents(events, func(e *event.Event) event.Kind { return e.Kind })
	kinds := []query.KindSummary{}
	for _, k := range keys {
		kinds = append(kinds, query.KindSummary{Kind: k, Extent: by[k]})
	}
	require.Equal(t, kinds, every(t, s.Kinds()))
	rapid.Check(t, func(t *rapid.T) {
		name := ""
		if len(events) > 0 && rapid.Bool().Draw(t, "prefix") {
			e := rapid.SampledFrom(events).Draw(t, "event")
			name = rapid.SampledFrom([]string{e.Entity, e.Scope}).Draw(t, "name")
		}
		prefix := name[:rapid.IntRange(0, len(name)).Draw(t, "length")]
		page := query.NamePage{Limit: rapid.SampledFrom([]int{0, 1, 3, 16, 17, 500}).Draw(t, "limit")}
		if len(events) > 0 && rapid.Bool().Draw(t, "after") {
			page.After = rapid.SampledFrom(events).Draw(t, "after").Entity
			if rapid.Bool().Draw(t, "no name") {
				page.After += "\x00"
			}
		}
		require.Equal(t, nameSummaries(events, entityOf, prefix, page), every(t, s.Entities(prefix, page)))
		require.Equal(t, nameSummaries(events, scopeOf, prefix, page), every(t, s.Scopes(prefix, page)))
	})
}

// TestLists compares the lists of entities, scopes and kinds with those of all events, in
// made stores and in the fixtures.
func TestLists(t *testing.T) {
	for _, s := range shapes {
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) {
			o := makeShaped(t, s, store.Options{})
			requireLists(t, o.Snapshot, o.events)
		})
	}
	for i, o := range openAll(t) {
		t.Run(fmt.Sprintf("fixture %d", i), func(t *testing.T) { requireLists(t, o.Snapshot, o.events) })
	}
}

// TestManyScopes: more scopes than are looked up one by one, in several parts.
func TestManyScopes(t *testing.T) {
	var events []event.Event
	for i := range 6000 {
		e := framed(event.Event{}, i)
		e.Sequence, e.Entity, e.Scope = uint64(i), fmt.Sprintf("e%d", i%10), fmt.Sprintf("s%04d", i*7%2500)
		e.WallMS = uint64(i)
		events = append(events, e)
	}
	s, err := store.Open(made{index: indexOf(t, events[:4000])}, store.Options{})
	require.NoError(t, err)
	d := draftOf(t, events[4000:])
	s, err = s.Grow(d.Run(0, d.Savepoint()), artifact.MaxAllocator-1)
	require.NoError(t, err)
	requireLists(t, s, events)
}

// TestListsOfHiddenNames: names whose events are all hidden take up whole batches of one part,
// and the names after them are not mistaken for complete.
func TestListsOfHiddenNames(t *testing.T) {
	var events []event.Event
	for i := range 300 {
		e := framed(event.Event{}, i)
		e.Sequence, e.Entity = uint64(i), fmt.Sprintf("b%03d", i%50)
		if i < 100 {
			e.Entity = fmt.Sprintf("a%03d", i)
		}
		e.Scope = "of " + e.Entity
		events = append(events, e)
	}
	hidden := visibility.Ranges{}.Add(visibility.Range{Start: 0, End: 100})
	s, err := store.Open(made{index: indexOf(t, events[:200]), hidden: visibility.AppendFile(nil, hidden)}, store.Options{})
	require.NoError(t, err)
	d := draftOf(t, events[200:])
	s, err = s.Grow(d.Run(0, d.Savepoint()), artifact.MaxAllocator-1)
	require.NoError(t, err)
	requireLists(t, s, events[100:])
}

// TestListsStop: a list can be left at any name.
func TestListsStop(t *testing.T) {
	o := makeShaped(t, shapes[3], store.Options{})
	whole := every(t, o.Entities("", query.NamePage{}))
	for stop := range 40 {
		n := 0
		for name, err := range o.Entities("", query.NamePage{}) {
			require.NoError(t, err)
			require.Equal(t, whole[n], name)
			if n++; n > stop {
				break
			}
		}
		require.Equal(t, stop+1, n)
	}
}

// TestListsReadLittle: a list reads two records of each name, and no others.
func TestListsReadLittle(t *testing.T) {
	events := scattered(20_000, 200)
	f := newFileLike(indexOf(t, events))
	s, err := store.Open(made{index: f}, store.Options{})
	require.NoError(t, err)
	f.reads.Store(0)
	f.bytes.Store(0)
	little := func(names int) {
		require.LessOrEqual(t, f.reads.Load(), int64(2*names))
		require.LessOrEqual(t, f.bytes.Load(), int64(2*names*2*pages.Size))
		f.reads.Store(0)
		f.bytes.Store(0)
	}
	little(0)
	require.Len(t, every(t, s.Entities("", query.NamePage{})), 100)
	little(100)
	require.Len(t, every(t, s.Scopes("", query.NamePage{})), 100)
	little(100)
	require.Len(t, every(t, s.Kinds()), 36)
	little(36)
}

// TestListsRepair: a list goes on where a damaged file is met.
func TestListsRepair(t *testing.T) {
	files, part := longstore.New(t, 400)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	for _, file := range []string{part, index.FileName, artifact.FileName} {
		for _, after := range []int{0, 20, 100} {
			w := newSwitched(files)
			w.fresh[file] = rot
			s, err := store.Open(w, store.Options{})
			require.NoError(t, err)
			var got []query.NameSummary
			for name, err := range s.Entities("", query.NamePage{}) {
				require.NoError(t, err)
				got = append(got, name)
				w.on.Store(len(got) >= after)
			}
			require.Equal(t, every(t, whole.Entities("", query.NamePage{})), got)
			require.Equal(t, every(t, whole.Scopes("", query.NamePage{})), every(t, s.Scopes("", query.NamePage{})))
			require.Equal(t, every(t, whole.Kinds()), every(t, s.Kinds()))
			if after == 0 { // later, a file may have been read before it was damaged
				require.NotEmpty(t, rejectedNames(s))
			}
		}
	}
}

// TestListsOfLies: whatever an index says, a list ends.
func TestListsOfLies(t *testing.T) {
	var _ source.Source = fileLike{}
	files, part := longstore.New(t, 60)
	for at := range 40 {
		lie := func(p []byte, off int64) {
			for i := range p {
				if (off+int64(i))%97 == int64(at) {
					p[i] ^= byte(1 + at)
				}
			}
		}
		for _, file := range []string{part, index.FileName, artifact.FileName} {
			w := newSwitched(files)
			w.fresh[file], w.seen[file] = lie, lie
			s, err := store.Open(w, store.Options{})
			require.NoError(t, err)
			w.on.Store(true)
			for range s.Entities("", query.NamePage{}) {
			}
			for range s.Scopes("", query.NamePage{}) {
			}
			for range s.Kinds() {
			}
			for range s.Query(query.Region{Kinds: event.AnyOf(0x1001, 0x2003, 0x3004)}, query.Page{Reverse: true}) {
			}
		}
	}
}
