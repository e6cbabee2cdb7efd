package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// TestIdentityFixtures: a store of batpak's has the id of its first event as identity, on
// every step of the ladder, with an index that thaw writes, and while events are hidden.
func TestIdentityFixtures(t *testing.T) {
	known := map[event.ID]string{}
	for _, name := range fixture.Names() {
		files := fixture.Store(name)
		var want event.ID
		var end uint64
		for _, skip := range [][]string{nil, {artifact.FileName}, {artifact.FileName, checkpoint.FileName}} {
			s, err := store.Open(directory.Memory(files), store.Options{Skip: skip, ShowHidden: true})
			require.NoError(t, err)
			all := collect(t, s.Query(query.Region{}, query.Page{}))
			id, err := s.Identity()
			require.NoError(t, err)
			if len(all) == 0 {
				require.True(t, id.IsZero(), name)
				require.Zero(t, s.End(), name)
				continue
			}
			require.Equal(t, all[0].ID, id, name)
			require.Equal(t, all[len(all)-1].Sequence+1, s.End(), name)
			require.LessOrEqual(t, s.End(), s.Report().NextSequence, name)
			if want.IsZero() {
				want, end = id, s.End()
			}
			require.Equal(t, want, id, name)
			require.Equal(t, end, s.End(), name)

			// The first and the last event, hidden, count as well.
			hidden := with(files, "", nil)
			delete(hidden, "")
			hidden[visibility.FileName] = visibility.AppendFile(nil, visibility.Ranges{{Start: 0, End: end + 5}})
			s, err = store.Open(directory.Memory(hidden), store.Options{Skip: skip})
			require.NoError(t, err)
			id, err = s.Identity()
			require.NoError(t, err)
			require.Equal(t, want, id, name)
			require.Equal(t, end, s.End(), name)
		}
		if want.IsZero() {
			continue
		}
		require.Empty(t, known[want], "%s has the identity of another store", name)
		known[want] = name
	}
	require.Greater(t, len(known), 5)
}
