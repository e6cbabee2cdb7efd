package store_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/lending"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// rawEvents decodes the records of a raw query.
type rawEvents struct {
	cursor *query.Cursor
	events []event.Event
	before func() // each event
}

func (r *rawEvents) Part(c *query.Cursor) { r.cursor = c }

func (r *rawEvents) Event(raw artifact.Raw) (more bool, err error) {
	if r.before != nil {
		r.before()
	}
	var e event.Event
	raw.DecodeFacts(&e.Facts)
	for name, number := range map[*string]uint32{&e.Entity: raw.Entity(), &e.Scope: raw.Scope()} {
		b, err := r.cursor.NameOfMany(number)
		if err != nil {
			return false, err
		}
		*name = string(b)
	}
	r.events = append(r.events, e)
	return true, nil
}

func rawQuery(t require.TestingT, s *store.Snapshot, region query.Region, page query.Page) []event.Event {
	r := rawEvents{events: []event.Event{}}
	ok, err := s.QueryRaw(region, page, &r)
	require.NoError(t, err)
	require.True(t, ok)
	return r.events
}

// somePages are questions to a store of longstore.
func somePages() (regions []query.Region, pages []query.Page) {
	regions = []query.Region{
		{}, {Entity: "order:13"}, {Scope: "shop:3"}, {Kinds: event.InCategory(1)}, {EntityPrefix: "order:1"},
		{EntityPrefix: "order:1", Scope: "shop:2"}, {Entity: "order:26", Clocks: query.ClocksBetween(1, 3)}, {Entity: "nobody"},
	}
	return regions, []query.Page{
		{}, {Reverse: true}, {Limit: 1}, {From: 77, Limit: 1}, {From: 50, To: 300, Limit: 40}, {To: 200, Reverse: true, Limit: 3},
	}
}

// TestQueryRaw: a raw query passes on the records of the events of a query.
func TestQueryRaw(t *testing.T) {
	files, _ := longstore.New(t, 400)
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	regions, pages := somePages()
	hits := 0
	for _, region := range regions {
		for _, page := range pages {
			want := collect(t, s.Query(region, page))
			require.Equal(t, want, rawQuery(t, s, region, page), "%+v %+v", region, page)
			hits += len(want)
		}
		if region.Entity != "" {
			for _, page := range []query.StreamPage{{}, {From: 1, Limit: 2}, {Reverse: true, To: 3}, {From: 5, To: 2}} {
				r := rawEvents{events: []event.Event{}}
				ok, err := s.StreamRaw(region.Entity, page, &r)
				require.NoError(t, err)
				require.True(t, ok)
				require.Equal(t, collect(t, s.Stream(region.Entity, page)), r.events)
			}
		}
	}
	require.Greater(t, hits, 1000)

	stop := errors.New("stop")
	_, err = s.QueryRaw(query.Region{}, query.Page{}, refusingEvents{stop})
	require.ErrorIs(t, err, stop)
	_, err = s.StreamRaw("", query.StreamPage{}, refusingEvents{stop})
	require.ErrorContains(t, err, "entity")
	for _, o := range []store.Options{{}, {CheckFrames: true}} { // frames have more
		s, err := store.Open(directory.Memory(files), o)
		require.NoError(t, err)
		region := query.Region{}
		if !o.CheckFrames {
			region.Times = region.Times.Since(1)
		}
		ok, err := s.QueryRaw(region, query.Page{}, refusingEvents{stop})
		require.NoError(t, err)
		require.False(t, ok)
	}
}

type refusingEvents struct{ err error }

func (refusingEvents) Part(*query.Cursor) {}

func (f refusingEvents) Event(artifact.Raw) (bool, error) { return true, f.err }

// TestLent: a store over files that lend from a cache of a few blocks gives the answers of
// one in memory, also when other questions evict every block between two events. With files
// that break the rule of lending it meets damage.
func TestLent(t *testing.T) {
	memory, _ := longstore.New(t, 400)
	whole, err := store.Open(directory.Memory(memory), store.Options{})
	require.NoError(t, err)
	ids := someIDs(t, whole, 41)
	want, everything := answers(whole, ids), collect(t, whole.Query(query.Region{}, query.Page{}))
	for _, most := range []int{1, 2, 3, 20} {
		files := &lending.Files{Memory: memory, Most: most}
		s, err := store.Open(files, store.Options{})
		require.NoError(t, err)
		require.True(t, want == answers(s, ids), "%d blocks", most)
		require.Greater(t, files.Lent, 100)
		require.Positive(t, files.Absent)
		regions, pages := somePages()
		for _, region := range regions {
			for _, page := range pages {
				require.Equal(t, collect(t, whole.Query(region, page)), rawQuery(t, s, region, page), "%+v %+v", region, page)
			}
		}
	}
	evicting := func(breaks bool) (events []event.Event, healed bool) {
		files := &lending.Files{Memory: memory, Most: 2}
		s, err := store.Open(files, store.Options{})
		require.NoError(t, err)
		files.Breaks = breaks
		at := 0
		r := rawEvents{before: func() {
			other := everything[at*7919%len(everything)]
			got, err := s.At(other.Sequence)
			if !breaks {
				require.NoError(t, err)
				require.Equal(t, other, got)
			}
			at++
		}}
		_, err = s.QueryRaw(query.Region{}, query.Page{}, &r)
		if !breaks {
			require.NoError(t, err)
		}
		return r.events, len(s.Report().Rejected) > 0
	}
	got, healed := evicting(false)
	require.Equal(t, everything, got)
	require.False(t, healed)
	_, healed = evicting(true)
	require.True(t, healed, "records that change are taken for damage")
}

// TestRotWhileLent is TestRotDuringQuery for files that lend: what was checked and lent stays
// right, and a page that turns bad before is found.
func TestRotWhileLent(t *testing.T) {
	memory, part := longstore.New(t, 400)
	whole, err := store.Open(directory.Memory(memory), store.Options{})
	require.NoError(t, err)
	want := collect(t, whole.Query(query.Region{}, query.Page{}))
	for _, name := range []string{index.FileName, part, artifact.FileName} {
		late := 0
		for after := 1; after < 60; after += 5 {
			s, err := store.Open(&lending.Files{Memory: memory, Most: 1000, Rots: name, After: after}, store.Options{})
			require.NoError(t, err)
			require.Equal(t, want, rawQuery(t, s, query.Region{}, query.Page{}), "%s after %d", name, after)
			require.Equal(t, want, collect(t, s.Query(query.Region{}, query.Page{})))
			if rejects(s, name) {
				late++
			}
		}
		require.Positive(t, late, name)
	}
}

// TestUnreadableWhileLent: an error of the system is never damage, and goes away with its cause.
func TestUnreadableWhileLent(t *testing.T) {
	memory, _ := longstore.New(t, 400)
	files := &lending.Files{Memory: memory, Most: 1}
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	want := rawQuery(t, s, query.Region{Scope: "shop:3"}, query.Page{})
	files.Err = errors.New("input/output error")
	r := rawEvents{events: []event.Event{}}
	_, err = s.QueryRaw(query.Region{Scope: "shop:3"}, query.Page{}, &r)
	require.ErrorIs(t, err, files.Err)
	require.Equal(t, want[:len(r.events)], slices.Clip(r.events))
	files.Err = nil
	require.Equal(t, want, rawQuery(t, s, query.Region{Scope: "shop:3"}, query.Page{}))
}
