package store_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// graphModel is Graph by scans of all events.
func graphModel(events []event.Event, id event.ID, o store.GraphOptions) (links []store.Link, found bool) {
	by := map[event.ID]event.Event{}
	for _, e := range slices.Backward(events) {
		by[e.ID] = e
	}
	within := func(distance int) bool { return o.Depth <= 0 || distance <= o.Depth }
	direct := func(id event.ID) (out []event.Event) {
		for _, e := range events {
			if e.Causation == id {
				out = append(out, e)
			}
		}
		return out
	}
	add := func(e event.Event, distance int) {
		links = append(links, store.Link{Full: event.Full{Event: e}, Distance: distance})
	}
	root, known := by[id]
	if known {
		add(root, 0)
	}
	seen := map[event.ID]bool{id: true}
	if known && o.Direction != store.EffectsOnly {
		at := root
		for distance := 1; within(distance); distance++ {
			next, ok := by[at.Causation]
			if !ok || seen[next.ID] {
				break
			}
			seen[next.ID] = true
			add(next, -distance)
			at = next
		}
	}
	if o.Direction != store.CausesOnly {
		seen = map[event.ID]bool{id: true}
		level := []event.ID{id}
		for distance := 1; len(level) > 0 && within(distance); distance++ {
			var found []event.Event
			for _, parent := range level {
				found = append(found, direct(parent)...)
			}
			slices.SortFunc(found, func(a, b event.Event) int { return int(a.Sequence) - int(b.Sequence) })
			level = nil
			for _, e := range found {
				if !seen[e.ID] {
					seen[e.ID] = true
					level = append(level, e.ID)
					add(e, distance)
				}
			}
		}
	}
	found = known || o.Direction != store.CausesOnly && len(direct(id)) > 0
	if o.Limit <= 0 || len(links) < o.Limit {
		return links, found
	}
	// The links cut off whose cause or effect is among those before.
	for _, l := range links[o.Limit:] {
		for _, k := range links[:o.Limit] {
			if l.Distance > 0 && l.Causation == k.ID && l.Distance == k.Distance+1 && k.Distance >= 0 ||
				l.Distance < 0 && k.Causation == l.ID && l.Distance == k.Distance-1 && k.Distance <= 0 {
				links[o.Limit-1].Cut++
			}
		}
		if l.Distance == 1 && !known {
			links[o.Limit-1].Cut++
		}
	}
	return links[:o.Limit], found
}

// TestGraph compares graphs of random causes with the model: trees, chains, and circles,
// which a writer cannot make.
func TestGraph(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "events")
		circles := rapid.Bool().Draw(t, "circles")
		near := rapid.SampledFrom([]int{1, 3, 100}).Draw(t, "near")
		events := make([]event.Event, n)
		outside := event.ID{9, 9}
		for i := range events {
			e := framed(event.Event{}, i)
			e.Sequence, e.Entity, e.Scope, e.Kind = uint64(i), "e", "s", 0x1000
			switch {
			case rapid.IntRange(0, 9).Draw(t, "root") == 0:
			case rapid.IntRange(0, 9).Draw(t, "outside") == 0:
				e.Causation = outside
			case circles:
				e.Causation = framed(event.Event{}, rapid.IntRange(max(0, i-near), min(n-1, i+near)).Draw(t, "cause")).ID
			case i > 0:
				e.Causation = framed(event.Event{}, rapid.IntRange(max(0, i-near), i-1).Draw(t, "cause")).ID
			}
			events[i] = e
		}
		m := made{}
		var hidden visibility.Ranges
		if rapid.Bool().Draw(t, "hidden") {
			at := rapid.Uint64Range(0, uint64(n)).Draw(t, "hide")
			hidden = hidden.Add(visibility.Range{Start: at, End: at + 2})
			m.hidden = visibility.AppendFile(nil, hidden)
		}
		first := rapid.IntRange(0, n).Draw(t, "in the index")
		m.index = indexOf(&testing.T{}, events[:first])
		s, err := store.Open(m, store.Options{})
		require.NoError(t, err)
		d := draftOf(&testing.T{}, events[first:])
		if first < n {
			s, err = s.Grow(d.Run(0, d.Savepoint()), artifact.MaxAllocator-1)
			require.NoError(t, err)
		}
		events = slices.DeleteFunc(events, func(e event.Event) bool { return hidden.Hides(e.Sequence) })
		ids := []event.ID{outside, {7, 7}}
		for _, e := range events {
			ids = append(ids, e.ID)
		}
		o := store.GraphOptions{
			Depth:     rapid.IntRange(0, 4).Draw(t, "depth"),
			Limit:     rapid.SampledFrom([]int{0, 1, 2, 3, 7, 1000}).Draw(t, "limit"),
			Direction: store.GraphDirection(rapid.IntRange(0, 2).Draw(t, "direction")),
		}
		for _, id := range ids {
			want, found := graphModel(events, id, o)
			var got []store.Link
			for l, err := range s.Graph(id, o) {
				if !found {
					require.ErrorIs(t, err, store.ErrNotFound)
					continue
				}
				require.NoError(t, err)
				got = append(got, l)
			}
			if circles {
				// An event that a circle leads to again may count as cut off.
				for i := range got {
					require.GreaterOrEqual(t, got[i].Cut, want[i].Cut)
					got[i].Cut = want[i].Cut
				}
			}
			require.Equal(t, want, got)
			if o.Limit == 0 && o.Direction == store.EffectsOnly && found {
				got = slices.DeleteFunc(got, func(l store.Link) bool { return l.Distance == 0 })
				var plain []store.Link
				for _, e := range collect(t, s.Effects(id, o.Depth)) {
					plain = append(plain, store.Link{Full: event.Full{Event: e}})
				}
				for i := range got {
					got[i].Distance = 0
				}
				require.Equal(t, plain, slices.Clip(append([]store.Link(nil), got...)))
			}
		}
	})
}

// TestGraphPayloads: the links of a graph have the payloads that Read returns, in the
// fixtures of batpak.
func TestGraphPayloads(t *testing.T) {
	links := 0
	for _, name := range fixture.Names() {
		s, err := store.Open(directory.Memory(fixture.Store(name)), store.Options{Hash: hash})
		require.NoError(t, err)
		for e, err := range s.Query(query.Region{}, query.Page{}) {
			require.NoError(t, err)
			for l, err := range s.Graph(e.ID, store.GraphOptions{Payloads: true}) {
				require.NoError(t, err)
				full, err := s.ReadID(l.ID)
				require.NoError(t, err)
				require.Equal(t, full, l.Full)
				links++
			}
			for l, err := range s.Graph(e.ID, store.GraphOptions{Limit: 1}) {
				require.NoError(t, err)
				require.Equal(t, e, l.Event)
			}
		}
	}
	require.Greater(t, links, 300)
}

func TestGraphOfNoID(t *testing.T) {
	s, err := store.Open(directory.Memory(fixture.Store("rotated")), store.Options{})
	require.NoError(t, err)
	for _, err := range s.Graph(event.ID{}, store.GraphOptions{}) {
		require.ErrorIs(t, err, commit.ErrZeroID)
	}
}
