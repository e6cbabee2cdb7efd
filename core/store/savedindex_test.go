package store_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
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

// save makes a store of the same events with an index.thaw.
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

// TestSavedAnswersAsBuilt queries every entity, scope, kind and id of a store with an
// index.thaw.
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

// TestNamesOfNeighbours reads events of which three in a row have one entity, with many
// times more entities than names are cached.
func TestNamesOfNeighbours(t *testing.T) {
	events := scattered(5000, 1)
	for i := range events {
		events[i].Entity = events[i/3].Entity
		events[i].Clock = uint32(i % 3)
	}
	_, s := save(t, made{index: indexOf(t, events)})
	require.Equal(t, events, collect(t, s.Query(query.Region{}, query.Page{})))
}

// vanishing is a directory in which one file is gone whenever it is opened, as if a
// writer were always faster.
type vanishing struct {
	directory.Memory
	name string
}

func (v vanishing) Open(name string) (source.Source, error) {
	if name == v.name {
		return nil, source.ErrGone
	}
	return v.Memory.Open(name)
}

// TestSavedIndexAlwaysGone: a reader opens without an index that a writer always
// replaces before the reader can open it.
func TestSavedIndexAlwaysGone(t *testing.T) {
	files, part := longstore.New(t, 20)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	for _, name := range []string{part, index.FileName} {
		s, err := store.Open(vanishing{files, name}, store.Options{})
		require.NoError(t, err, name)
		require.Equal(t, store.FromIndex, s.Report().OpenedFrom)
		require.Equal(t, dump(t, whole), dump(t, s))
		require.Empty(t, s.Report().Damages)
	}
}

// replacing is a directory whose files a writer replaces when one of them is opened.
type replacing struct {
	directory.Memory
	when string
	by   map[string][]byte
}

func (r *replacing) Open(name string) (source.Source, error) {
	if name == r.when && r.by != nil {
		r.Memory, r.by = r.by, nil
	}
	return r.Memory.Open(name)
}

// TestIndexReplacedWhileOpening: when a writer replaces index.fbati and index.thaw
// between the opens of the two, the open starts again and reads the new ones.
func TestIndexReplacedWhileOpening(t *testing.T) {
	files, _ := longstore.New(t, 50)
	end := artifact.Watermark{Segment: 4, Offset: uint64(len(files[segment.Name(4)]))}
	replaced := maps.Clone(files)
	replaced[artifact.FileName], replaced[index.FileName] = flushIndex(t, files, 0, end)
	s, err := store.Open(&replacing{files, index.FileName, replaced}, store.Options{})
	require.NoError(t, err)
	require.Empty(t, s.Report().Rejected)
	require.Equal(t, store.IndexSaved, s.Report().IndexOrigin)
	require.Zero(t, s.Report().TailEvents)

	// Where nothing was replaced it is refused.
	mixed := with(files, index.FileName, replaced[index.FileName])
	s, err = store.Open(directory.Memory(mixed), store.Options{})
	require.NoError(t, err)
	require.Equal(t, []string{index.FileName}, rejectedNames(s))
}
