package store_test

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/core/visibility"
)

// misnumbered is the store that testdata/misnumbered/README describes.
func misnumbered(t *testing.T) directory.Memory {
	names, err := filepath.Glob("testdata/misnumbered/*.*")
	require.NoError(t, err)
	files := directory.Memory{}
	for _, name := range names {
		files[filepath.Base(name)], err = os.ReadFile(name)
		require.NoError(t, err)
	}
	return files
}

func entities(t *testing.T, s *store.Snapshot) (names []string) {
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		require.NoError(t, err)
		names = append(names, e.Entity)
	}
	return names
}

func renumbered(s *store.Snapshot) (found []*damage.Damage) {
	r := s.Report()
	for _, d := range r.Damages {
		if d.Reason == damage.Renumbered {
			found = append(found, d)
		}
	}
	return found
}

// TestMisnumbered opens a store in which batpak gave the number of an acknowledged
// event to one that it cancelled. The cancelled event stays hidden, and an event that
// may be the cancelled one is hidden and reported.
func TestMisnumbered(t *testing.T) {
	without := func(names ...string) directory.Memory {
		files := maps.Clone(misnumbered(t))
		for _, name := range names {
			delete(files, name)
		}
		return files
	}
	for _, c := range []struct {
		name  string
		files directory.Memory
		shown []string
		doubt []string // entities
	}{
		{"as it is", without(), []string{"a", "b", "c"}, nil},
		{"without an index", without(artifact.FileName, checkpoint.FileName), []string{"a", "b", "c"}, nil},
		{"nothing says who wrote B", without(synced.FileName), []string{"a", "c"}, []string{"b", "x"}},
		// X may have had 1 or 2, and C 2 or 3.
		{"without the last footer", unseal(t, without(), "000003.fbat"), []string{"a", "b", "c"}, []string{"x"}},
		{"without the last footer and the mark", unseal(t, without(synced.FileName), "000003.fbat"), []string{"a", "c"}, []string{"b", "x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := store.Open(c.files, store.Options{})
			require.NoError(t, err)
			require.Equal(t, c.shown, entities(t, s))
			require.Len(t, renumbered(s), 1)
			d := renumbered(s)[0]
			require.Equal(t, visibility.FileName, d.File)
			all, err := store.Open(c.files, store.Options{ShowHidden: true})
			require.NoError(t, err)
			require.Equal(t, []string{"a", "b", "x", "c"}, entities(t, all))
			require.Empty(t, renumbered(all), "nothing is hidden")
			var doubt []string
			for _, e := range d.Events {
				full, err := all.Get(e.ID)
				require.NoError(t, err)
				require.Equal(t, full.Sequence, e.Sequence)
				require.True(t, e.Numbered)
				require.True(t, d.FirstSequence <= e.Sequence && e.Sequence < d.EndSequence)
				doubt = append(doubt, full.Entity)
			}
			require.Equal(t, c.doubt, doubt)
			require.EqualValues(t, 4, s.Report().NextSequence)
			require.EqualValues(t, 4-len(c.shown), s.Report().Hidden)

			_, err = store.Open(c.files, store.Options{Strict: true})
			require.ErrorIs(t, err, damage.Renumbered)
		})
	}
}

// unseal cuts the footer off a segment.
func unseal(t *testing.T, files directory.Memory, name string) directory.Memory {
	at, ok, err := segment.FooterOffset(source.Bytes(files[name]))
	require.NoError(t, err)
	require.True(t, ok)
	files[name] = files[name][:at]
	return files
}
