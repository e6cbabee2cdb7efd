package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// opened is a fixture opened on one step of the ladder, and its visible events.
type opened struct {
	*store.Snapshot
	events []event.Event
}

func openAll(t *testing.T) []opened {
	var all []opened
	for _, name := range fixture.Names() {
		for _, skip := range [][]string{nil, {artifact.FileName, checkpoint.FileName}} {
			s, err := store.Open(directory.Memory(fixture.Store(name)), store.Options{Skip: skip, Hash: hash})
			require.NoError(t, err)
			o := opened{Snapshot: s}
			for e, err := range s.Query(query.Region{}, query.Page{}) {
				require.NoError(t, err)
				o.events = append(o.events, e)
			}
			all = append(all, o)
		}
	}
	return all
}

func collect(t require.TestingT, seq func(func(event.Event, error) bool)) []event.Event {
	events := []event.Event{}
	for e, err := range seq {
		require.NoError(t, err)
		events = append(events, e)
	}
	return events
}

// TestQuery asks random queries of every fixture and compares the answers with a filter
// over all events.
func TestQuery(t *testing.T) {
	all := openAll(t)
	rapid.Check(t, func(t *rapid.T) {
		o := rapid.SampledFrom(all).Draw(t, "store")
		one := func(label string) event.Event {
			if len(o.events) == 0 {
				return event.Event{}
			}
			return rapid.SampledFrom(o.events).Draw(t, label)
		}
		maybe := func(label string) bool { return rapid.Bool().Draw(t, label) }
		var r query.Region
		if maybe("by entity") {
			r.Entity = one("entity").Entity
		}
		if maybe("by prefix") {
			name := one("prefix").Entity
			r.EntityPrefix = name[:rapid.IntRange(0, len(name)).Draw(t, "prefix length")]
		}
		if maybe("by scope") {
			r.Scope = one("scope").Scope
			if maybe("entity as scope") {
				r.Scope = one("scope").Entity
			}
		}
		switch rapid.IntRange(0, 2).Draw(t, "by kind") {
		case 1:
			r.Kinds = event.Only(one("kind").Kind)
		case 2:
			r.Kinds = event.InCategory(rapid.Uint8Range(0, 15).Draw(t, "category"))
		}
		var low, high uint32 = 0, 1 << 31
		if maybe("by clock") {
			low, high = rapid.Uint32Range(0, 5).Draw(t, "low"), rapid.Uint32Range(0, 12).Draw(t, "high")
			r.Clocks = query.ClocksBetween(low, high)
		}
		page := query.Page{From: rapid.Uint64Range(0, 70).Draw(t, "from"), Limit: rapid.IntRange(0, 20).Draw(t, "limit")}

		want := []event.Event{}
		for _, e := range o.events {
			if e.Sequence >= page.From && (r.Entity == "" || e.Entity == r.Entity) && (r.Scope == "" || e.Scope == r.Scope) &&
				strings.HasPrefix(e.Entity, r.EntityPrefix) && r.Kinds.Has(e.Kind) && low <= e.Clock && e.Clock <= high {
				want = append(want, e)
			}
		}
		n, err := o.Count(r, page.From)
		require.NoError(t, err)
		require.Equal(t, uint64(len(want)), n)
		if page.Limit > 0 {
			want = want[:min(page.Limit, len(want))]
		}
		require.Equal(t, want, collect(t, o.Query(r, page)))
	})
}

// TestEntityAndIDQueries asks every query about one event or entity, for all of them.
func TestEntityAndIDQueries(t *testing.T) {
	for _, o := range openAll(t) {
		for i, e := range o.events {
			got, err := o.Get(e.ID)
			require.NoError(t, err)
			require.Equal(t, e, got)
			full, err := o.ReadID(e.ID)
			require.NoError(t, err)
			require.Equal(t, e, event.Event{Facts: full.Facts, Coordinate: full.Coordinate})
			require.Equal(t, e.EventHash, hash(full.Payload))

			stream := slices.DeleteFunc(slices.Clone(o.events), func(x event.Event) bool { return x.Entity != e.Entity || x.Clock < e.Clock })
			slices.SortStableFunc(stream, func(a, b event.Event) int { return int(a.Clock) - int(b.Clock) })
			require.Equal(t, stream, collect(t, o.Stream(e.Entity, query.StreamPage{From: e.Clock})))
			require.Equal(t, stream[:1], collect(t, o.Stream(e.Entity, query.StreamPage{From: e.Clock, Limit: 1})))

			correlated := slices.DeleteFunc(slices.Clone(o.events), func(x event.Event) bool { return x.Correlation != e.Correlation })
			require.Equal(t, correlated, collect(t, o.Correlated(e.Correlation)))

			require.Equal(t, effects(o.events, e.ID), collect(t, o.Effects(e.ID, 0)))
			require.Equal(t, effects(o.events, e.ID)[:min(1, len(effects(o.events, e.ID)))], head(collect(t, o.Effects(e.ID, 1))))
			chain := collect(t, o.Ancestors(e.ID, 0))
			for at := e; len(chain) > 0; chain = chain[1:] {
				require.Equal(t, at.Causation, chain[0].ID)
				at = chain[0]
			}
			require.Equal(t, o.events[i:], collect(t, o.Query(query.Region{}, query.Page{From: e.Sequence})))
		}
		_, err := o.Get(event.ID{1, 2, 3})
		require.ErrorIs(t, err, store.ErrNotFound)
		for _, seq := range []func(func(event.Event, error) bool){o.Ancestors(event.ID{1, 2, 3}, 0), o.Effects(event.ID{1, 2, 3}, 0)} {
			for _, err := range seq {
				require.ErrorIs(t, err, store.ErrNotFound)
			}
		}
		require.Empty(t, collect(t, o.Stream("nobody", query.StreamPage{})))
	}
}

func head(events []event.Event) []event.Event { return events[:min(1, len(events))] }

// effects is Effects by a slow scan.
func effects(events []event.Event, id event.ID) []event.Event {
	out := []event.Event{}
	seen := map[event.ID]bool{id: true}
	for level := []event.ID{id}; len(level) > 0; {
		var next []event.ID
		for _, e := range events {
			if slices.Contains(level, e.Causation) && !e.Causation.IsZero() && !seen[e.ID] {
				seen[e.ID] = true
				out, next = append(out, e), append(next, e.ID)
			}
		}
		level = next
	}
	return out
}

// TestHiddenEvent: events that a cancelled fence hides are in no answer.
func TestHiddenEvent(t *testing.T) {
	files := fixture.Store("fences")
	s, err := store.Open(directory.Memory(files), store.Options{ShowHidden: true})
	require.NoError(t, err)
	var hidden event.Event
	for e, err := range s.Query(query.Region{}, query.Page{From: 6, Limit: 1}) {
		require.NoError(t, err)
		hidden = e
	}
	require.Equal(t, uint64(6), hidden.Sequence)

	s, err = store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	require.Equal(t, uint64(1), s.Report().Hidden)
	_, err = s.Get(hidden.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	for _, answer := range [][]event.Event{
		collect(t, s.Query(query.Region{Entity: hidden.Entity}, query.Page{})),
		collect(t, s.Stream(hidden.Entity, query.StreamPage{})),
		collect(t, s.Correlated(hidden.Correlation)),
	} {
		for _, e := range answer {
			require.NotEqual(t, hidden.ID, e.ID)
		}
	}
}

// TestHiddenAfterLoss: where a loss of unknown size moves the numbers of later events,
// a hidden event does not slip out from under its range.
func TestHiddenAfterLoss(t *testing.T) {
	files := fixture.Store("fences")
	delete(files, artifact.FileName)
	delete(files, checkpoint.FileName)
	whole, err := store.Open(directory.Memory(files), store.Options{ShowHidden: true})
	require.NoError(t, err)
	events := collect(t, whole.Query(query.Region{}, query.Page{}))

	seg := slices.Clone(files["000001.fbat"][:events[11].Position.End()]) // without the footer
	clear(seg[events[2].Position.Offset:events[3].Position.End()])
	files["000001.fbat"] = seg
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	for _, e := range collect(t, s.Query(query.Region{}, query.Page{})) {
		require.NotEqual(t, events[6].ID, e.ID)
	}
	require.NotEmpty(t, s.Report().Damages)
	_, err = s.Get(events[6].ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Get(events[11].ID)
	require.NoError(t, err, "behind the range nothing is hidden")
}
