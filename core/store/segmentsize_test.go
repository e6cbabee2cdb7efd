package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
)

// TestSizeOfNoFile: a segment that the open had no need to look at may turn out to be
// no regular file when it is asked for. Such a one has no size.
func TestSizeOfNoFile(t *testing.T) {
	memory, _ := longstore.New(t, 50)
	files := &watched{Memory: memory}
	files.look = func(name string, e directory.Entry, err error) (directory.Entry, error) {
		e.Regular = name != segment.Name(1)
		return e, err
	}
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	require.Empty(t, s.Report().Damages)
	require.Zero(t, count(files.take(), "look "+segment.Name(1)))
	_, ok := s.SegmentSize(1)
	require.False(t, ok)
	size, ok := s.SegmentSize(2)
	require.True(t, ok)
	require.EqualValues(t, len(memory[segment.Name(2)]), size)
}
