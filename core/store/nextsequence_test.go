package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// TestNextSequence: no sequence is given out again that a hidden range, a part file or
// the writer itself has used, even when the log is cut.
func TestNextSequence(t *testing.T) {
	const n = 50 // events of a segment
	open := func(files map[string][]byte) *store.Snapshot {
		s, err := store.Open(directory.Memory(files), store.Options{})
		require.NoError(t, err)
		return s
	}
	files, _ := longstore.New(t, n)
	whole := open(files)
	require.EqualValues(t, 4*n, whole.Report().NextSequence)

	t.Run("a range that is hidden behind the last event", func(t *testing.T) {
		files := with(files, visibility.FileName, visibility.AppendFile(nil, visibility.Ranges{{Start: 4*n + 7, End: 4*n + 9}}))
		require.EqualValues(t, 4*n+9, open(files).Report().NextSequence)
	})
	t.Run("a part file over segments that are gone", func(t *testing.T) {
		files := with(files, "", nil)
		delete(files, "")
		delete(files, segment.Name(3))
		delete(files, segment.Name(4))
		s := open(files)
		require.NotEmpty(t, s.Report().Damages)
		require.Equal(t, damage.Lost, s.Report().Damages[0].Reason)
		require.EqualValues(t, 3*n, s.Report().NextSequence)
	})
	t.Run("a writer that gave out more than its index says", func(t *testing.T) {
		log := newSession(t, 4*n).begin(5).append(1).log
		grown, err := whole.Grow(log.Committed(0).To(0), 9*n)
		require.NoError(t, err)
		require.EqualValues(t, 9*n, grown.Report().NextSequence)
		adopted, err := grown.Adopt(open(files), 0, nil)
		require.NoError(t, err)
		require.EqualValues(t, 9*n, adopted.Report().NextSequence)
	})
}
