package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
)

// overlooking is a directory whose first listings lack a name, as those of a system
// may when it is made while they are read.
type overlooking struct {
	directory.Memory
	name  string
	lists *int // how many lack it
}

func (o overlooking) List() ([]directory.Name, error) {
	names, err := o.Memory.List()
	if *o.lists--; *o.lists >= 0 {
		for i, n := range names {
			if n.Name == o.name {
				return append(names[:i:i], names[i+1:]...), err
			}
		}
	}
	return names, err
}

// TestSegmentMadeWhileListing: a segment that is there is not missing because a
// listing that was under way when it was made has the one behind it already.
func TestSegmentMadeWhileListing(t *testing.T) {
	files := fixture.Store("rotated")
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	skip := []string{artifact.FileName, checkpoint.FileName}
	segments := fixture.Segments(files)
	for _, name := range segments[1 : len(segments)-1] {
		lists := 1
		s, err := store.Open(overlooking{files, name, &lists}, store.Options{Strict: true, Skip: skip})
		require.NoError(t, err)
		require.Empty(t, s.Report().Gaps)
		require.Equal(t, dump(t, whole), dump(t, s), name)
	}
	lists := 1000 // a directory that contradicts itself for ever
	s, err := store.Open(overlooking{files, segment.Name(3), &lists}, store.Options{Skip: skip})
	require.NoError(t, err)
	require.NotEmpty(t, s.Report().Damages)
	require.Equal(t, damage.SegmentMissing, s.Report().Damages[0].Reason)
}
