package verify_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/synced"
)

// TestMisnumbered: if hidden ranges do not use the log's sequences, verify reports the same
// damage as an open, with the same events in doubt, and counts the events that an open
// hides.
func TestMisnumbered(t *testing.T) {
	names, err := filepath.Glob("../store/testdata/misnumbered/*.*")
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, name := range names {
		files[filepath.Base(name)], err = os.ReadFile(name)
		require.NoError(t, err)
	}
	for _, hidden := range []uint64{1, 2} { // X, and B too when nothing says who wrote it
		s, err := store.Open(directory.Memory(files), store.Options{})
		require.NoError(t, err)
		r := run(t, files)
		opened := s.Report()
		i := slices.IndexFunc(r.Damages, func(d *damage.Damage) bool { return d.Reason == damage.Renumbered })
		require.GreaterOrEqual(t, i, 0)
		require.Equal(t, opened.Damages, []*damage.Damage{r.Damages[i]})
		require.Equal(t, hidden, opened.Hidden)
		require.Equal(t, hidden, r.Hidden)
		delete(files, synced.FileName)
	}
}
