package store_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/internal/refusing"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// TestLineage: store.thaw gives the identity and a bound of the next sequence; without it, and
// while it names no identity, the first event does.
func TestLineage(t *testing.T) {
	const n = 10
	files, _ := longstore.New(t, n)
	open := func(l *lineage.Lineage) *store.Snapshot {
		files := with(files, lineage.FileName, lineage.AppendFile(nil, l))
		s, err := store.Open(directory.Memory(files), store.Options{})
		require.NoError(t, err)
		got, err := s.Lineage()
		require.NoError(t, err)
		require.Equal(t, l, got)
		return s
	}
	identity := func(s *store.Snapshot) event.ID {
		id, err := s.Identity()
		require.NoError(t, err)
		return id
	}
	plain, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	l, err := plain.Lineage()
	require.NoError(t, err)
	require.Nil(t, l)
	end := plain.End()

	s := open(&lineage.Lineage{Identity: event.ID{1}, Generation: 3})
	require.Equal(t, event.ID{1}, identity(s))
	require.Equal(t, end, s.End())
	require.Equal(t, end, s.Report().NextSequence)
	require.Equal(t, identity(plain), identity(open(&lineage.Lineage{})))

	s = open(&lineage.Lineage{NextSequence: end - 1})
	require.Equal(t, end, s.End())
	require.Equal(t, end, s.Report().NextSequence)
	s = open(&lineage.Lineage{NextSequence: end + 7})
	require.Equal(t, end+7, s.End())
	require.Equal(t, end+7, s.Report().NextSequence)

	// A store of which every event was removed.
	empty := map[string][]byte{lineage.FileName: lineage.AppendFile(nil, &lineage.Lineage{Identity: event.ID{2}, NextSequence: 5})}
	s, err = store.Open(directory.Memory(empty), store.Options{})
	require.NoError(t, err)
	require.Equal(t, event.ID{2}, identity(s))
	require.EqualValues(t, 5, s.End())
	require.EqualValues(t, 5, s.Report().NextSequence)

	// A refresh that finds another one opens again.
	live := with(files, lineage.FileName, lineage.AppendFile(nil, &lineage.Lineage{Identity: event.ID{1}}))
	s, err = store.Open(directory.Memory(live), store.Options{})
	require.NoError(t, err)
	live[lineage.FileName] = lineage.AppendFile(nil, &lineage.Lineage{Identity: event.ID{1}, Generation: 1, Removals: []lineage.Removal{
		{Generation: 1, Mode: lineage.Dropped, End: 1, Events: 1}}})
	_, reload, err := s.Refresh(nil)
	require.NoError(t, err)
	require.True(t, reload)
}

// TestLineageDamaged: a damaged store.thaw is reported, the events are there, and nothing
// guesses an identity. Whether the next sequence is known depends on the index.
func TestLineageDamaged(t *testing.T) {
	files, _ := longstore.New(t, 10)
	whole := lineage.AppendFile(nil, &lineage.Lineage{Identity: event.ID{1}, NextSequence: 3})
	flipped := append([]byte{}, whole...)
	flipped[33] ^= 1
	for name, c := range map[string]struct {
		b      []byte
		reason damage.Reason
	}{
		"flipped": {flipped, damage.Checksum},
		"short":   {whole[:10], damage.Short},
		"empty":   {nil, damage.Short},
		"long":    {make([]byte, lineage.MaxSize+1), damage.Length},
	} {
		for _, skip := range [][]string{nil, {artifact.FileName}} {
			s, err := store.Open(directory.Memory(with(files, lineage.FileName, c.b)), store.Options{Skip: skip})
			require.NoError(t, err, name)
			require.Len(t, collect(t, s.Query(query.Region{}, query.Page{})), 40, name)
			report := s.Report()
			require.Len(t, report.Damages, 1, name)
			require.Equal(t, lineage.FileName, report.Damages[0].File, name)
			require.Equal(t, c.reason, report.Damages[0].Reason, name)
			_, err = s.Identity()
			require.Equal(t, report.Damages[0], err, name)
			_, err = s.Lineage()
			require.Equal(t, report.Damages[0], err, name)
			if skip == nil {
				require.NoError(t, s.LineageLost(), name)
			} else {
				require.Equal(t, report.Damages[0], s.LineageLost(), name)
			}
			_, err = store.Open(directory.Memory(with(files, lineage.FileName, c.b)), store.Options{Strict: true})
			require.Equal(t, report.Damages[0], err, name)
		}
	}
	s, err := store.Open(directory.Memory(with(files, lineage.FileName, flipped)), store.Options{Skip: []string{lineage.FileName}})
	require.NoError(t, err)
	require.Empty(t, s.Report().Damages)
	_, err = store.Open(&refusing.Files{Memory: with(files, lineage.FileName, whole), Nth: 1, Forever: true, Only: lineage.FileName, Err: errors.New("refused")}, store.Options{})
	var read *source.ReadError
	require.ErrorAs(t, err, &read)
	require.Equal(t, lineage.FileName, read.File)
}
