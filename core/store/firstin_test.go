package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// TestFirstIn compares the first event of a region with a query, in every fixture, and
// requires that all records were looked at.
func TestFirstIn(t *testing.T) {
	hidden := 0
	for _, name := range fixture.Names() {
		s, err := store.Open(directory.Memory(fixture.Store(name)), store.Options{})
		require.NoError(t, err)
		everything, err := store.Open(directory.Memory(fixture.Store(name)), store.Options{ShowHidden: true})
		require.NoError(t, err)
		for _, e := range collect(t, everything.Query(query.Region{}, query.Page{})) {
			for _, r := range []query.Region{{}, {Entity: e.Entity}, {Scope: e.Scope, Kinds: event.Only(e.Kind)}, {EntityPrefix: e.Entity[:1]}} {
				var want commit.Known
				found := false
				for e, err := range s.Query(r, query.Page{From: e.Sequence, Limit: 1}) {
					require.NoError(t, err)
					found = true
					want = commit.Known{
						Receipt:    commit.Receipt{ID: e.ID, Sequence: e.Sequence, Clock: e.Clock, Position: e.Position},
						Coordinate: e.Coordinate, Kind: e.Kind, Hash: e.EventHash,
					}
				}
				k, ok, end, err := store.History{Snapshot: s}.FirstIn(&r, e.Sequence, 0)
				require.NoError(t, err)
				require.Equal(t, found, ok)
				if want != k {
					require.Equal(t, want, k)
				}
				if !ok {
					hidden++
					require.Greater(t, end, e.Sequence)
				}
			}
		}
	}
	require.Positive(t, hidden)
}

// TestFirstInEnd: the end is that of the records, also where the report knows that higher
// sequences were given out.
func TestFirstInEnd(t *testing.T) {
	const n = 50
	files, _ := longstore.New(t, n)
	open := func() *store.Snapshot {
		s, err := store.Open(directory.Memory(files), store.Options{})
		require.NoError(t, err)
		return s
	}
	end := func(s *store.Snapshot) uint64 {
		_, ok, end, err := store.History{Snapshot: s}.FirstIn(&query.Region{Entity: "none"}, 0, 9*n)
		require.NoError(t, err)
		require.False(t, ok)
		return end
	}
	whole := open()
	require.EqualValues(t, 4*n, end(whole))
	log := newSession(t, 4*n).begin(5).append(2).log
	grown, err := whole.Grow(log.Committed(0), 4*n+2)
	require.NoError(t, err)
	require.EqualValues(t, 4*n+2, end(grown))
	adopted, err := grown.Adopt(open(), 0, nil)
	require.NoError(t, err)
	require.EqualValues(t, 4*n+2, adopted.Report().NextSequence)
	require.EqualValues(t, 4*n, end(adopted))
}
