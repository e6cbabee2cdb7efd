package store_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// TestPartFollowsInSequence: a part file whose first sequence is not above the last of
// index.fbati does not continue it, even if it begins where that ends.
func TestPartFollowsInSequence(t *testing.T) {
	const n = 100 // events of a segment; index.fbati has the first two segments'
	files, part := longstore.New(t, n)
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	covered := collect(t, s.Query(query.Region{}, query.Page{Limit: 2 * n}))
	w, err := store.ArtifactWatermark(files[artifact.FileName])
	require.NoError(t, err)
	for _, c := range []struct {
		last    uint64 // of index.fbati
		follows bool
	}{{2*n - 1, true}, {2 * n, false}, {2*n + n/2, false}, {3*n - 1, false}, {3 * n, false}} {
		events := slices.Clone(covered)
		events[len(events)-1].Sequence = c.last
		changed := with(files, artifact.FileName, draftOf(t, events).AppendFile(nil, w, 10*n))
		delete(changed, index.FileName)
		s, err := store.Open(directory.Memory(changed), store.Options{})
		require.NoError(t, err)
		require.Equal(t, store.FromIndex, s.Report().OpenedFrom)
		if c.follows {
			require.Empty(t, s.Report().Rejected)
			require.Equal(t, 1, s.Report().Parts)
			continue
		}
		require.Equal(t, 0, s.Report().Parts, "%d", c.last)
		require.Equal(t, part, s.Report().Rejected[0].File)
		require.ErrorIs(t, s.Report().Rejected[0], damage.Stale)
		last := int64(-1)
		for _, e := range collect(t, s.Query(query.Region{}, query.Page{})) {
			require.Greater(t, int64(e.Sequence), last)
			last = int64(e.Sequence)
		}
	}
}

// opensAtMost is a directory whose files can be opened only so often.
type opensAtMost struct {
	directory.Memory
	left *int
}

var errOften = errors.New("opened too often")

func (o opensAtMost) Open(name string) (source.Source, error) {
	if *o.left--; *o.left < 0 {
		return nil, errOften
	}
	return o.Memory.Open(name)
}

// TestEmptyPart: a part file that ends where it begins is refused: it would continue
// itself for ever.
func TestEmptyPart(t *testing.T) {
	files, _ := longstore.New(t, 50)
	delete(files, segment.Name(4)) // no tail
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	end := artifact.Watermark{Segment: 3, Offset: uint64(len(files[segment.Name(3)]))}
	_, nothing := flushed(t, whole, store.Flush{First: 2, To: end, NextSequence: whole.Report().NextSequence})
	files[index.PartName(3, 3)] = nothing
	left := 100
	s, err := store.Open(opensAtMost{files, &left}, store.Options{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, left, 0)
	require.Equal(t, 1, s.Report().Parts)
	require.Equal(t, []string{index.PartName(3, 3)}, rejectedNames(s))
	require.ErrorIs(t, s.Report().Rejected[0], damage.Stale)
	require.Equal(t, dump(t, whole), dump(t, s))

	delete(files, segment.Name(3)) // so that the part is evidence of a loss
	left = 100
	s, err = store.Open(opensAtMost{files, &left}, store.Options{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, left, 0)
	require.NotEmpty(t, s.Report().Damages)
}
