package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// saved is a made store with an index.thaw.
type saved struct {
	made
	lookups source.Source
}

func (s saved) Look(name string) (directory.Entry, error) {
	if name == index.FileName {
		return directory.Entry{Name: name, Size: s.lookups.Size(), Regular: true}, nil
	}
	return s.made.Look(name)
}

func (s saved) Open(name string) (source.Source, error) {
	if name == index.FileName {
		return s.lookups, nil
	}
	return s.made.Open(name)
}

// save makes a store of the same events that has its lookups in a file.
func save(t testing.TB, m made) (saved, *store.Snapshot) {
	s, err := store.Open(m, store.Options{Seed: 3})
	require.NoError(t, err)
	require.True(t, s.IndexFiles().Unsaved)
	var lookups []byte
	require.NoError(t, s.SaveIndex(into(&lookups)))
	out := saved{m, source.Bytes(lookups)}
	fresh, err := store.Open(out, store.Options{})
	require.NoError(t, err)
	require.Empty(t, fresh.Report().Rejected)
	require.False(t, fresh.IndexFiles().Unsaved)
	return out, fresh
}

// TestSavedAnswersAsBuilt asks every entity, scope, kind and id of a store whose
// lookups are read from a file.
func TestSavedAnswersAsBuilt(t *testing.T) {
	for _, per := range []int{3, 300} {
		events := scattered(30_000, per)
		m := made{index: indexOf(t, events)}
		built, err := store.Open(m, store.Options{})
		require.NoError(t, err)
		_, s := save(t, m)
		asked := map[query.Region]bool{}
		for i, e := range events {
			for _, r := range []query.Region{{Entity: e.Entity}, {Scope: e.Scope}, {Entity: e.Entity, Scope: e.Scope},
				{EntityPrefix: e.Entity[:len(e.Entity)-1]}, {EntityPrefix: e.Entity[:len(e.Entity)-2]}} {
				if asked[r] || len(asked) > 3000 && i%100 != 0 {
					continue
				}
				asked[r] = true
				require.Equal(t, collect(t, built.Query(r, query.Page{})), collect(t, s.Query(r, query.Page{})), "%+v", r)
			}
			if i%7 == 0 {
				got, err := s.Get(e.ID)
				require.NoError(t, err)
				require.Equal(t, e.Sequence, got.Sequence)
			}
		}
		require.Empty(t, s.Report().Rejected)
	}
}

// TestNamesOfNeighbours reads events of which three in a row have one entity, and
// there are many times more than names are kept.
func TestNamesOfNeighbours(t *testing.T) {
	events := scattered(5000, 1)
	for i := range events {
		events[i].Entity = events[i/3].Entity
		events[i].Clock = uint32(i % 3)
	}
	_, s := save(t, made{index: indexOf(t, events)})
	require.Equal(t, events, collect(t, s.Query(query.Region{}, query.Page{})))
}
