package verify_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
)

// closingFiles is a directory whose writer closes the store, and so removes synced.thaw,
// between the listing and the first read of that file.
type closingFiles struct {
	directory.Memory
	closed bool
}

func (f *closingFiles) Open(name string) (source.Source, error) {
	if name == synced.FileName {
		f.closed = true
		delete(f.Memory, name)
	}
	return f.Memory.Open(name)
}

// TestSyncMarkGone: a store that is closed while verify lists it is sound.
func TestSyncMarkGone(t *testing.T) {
	files := &closingFiles{Memory: fixture.Store("batch")}
	files.Memory[synced.FileName] = synced.AppendSlot(nil, synced.Mark{Segment: 1})
	r, err := verify.Run(files, verify.Options{})
	require.NoError(t, err)
	require.True(t, files.closed)
	require.Empty(t, r.Damages)
}

// sparse is a source of zeros that must not be read whole.
type sparse int64

func (s sparse) Size() int64 { return int64(s) }

func (s sparse) ReadAt(p []byte, _ int64) (int, error) {
	if len(p) > visibility.MaxSize {
		return 0, errors.New("read whole")
	}
	clear(p)
	return len(p), nil
}

// sparseRanges has a visibility_ranges.fbv of 1 TiB.
type sparseRanges struct{ directory.Memory }

func (f sparseRanges) Look(name string) (directory.Entry, error) {
	if name == visibility.FileName {
		return directory.Entry{Name: name, Size: 1 << 40, Regular: true}, nil
	}
	return f.Memory.Look(name)
}

func (f sparseRanges) Open(name string) (source.Source, error) {
	if name == visibility.FileName {
		return sparse(1 << 40), nil
	}
	return f.Memory.Open(name)
}

// TestHugeHiddenRanges: the size of visibility_ranges.fbv is checked before it is read.
func TestHugeHiddenRanges(t *testing.T) {
	files := fixture.Store("batch")
	files[visibility.FileName] = nil
	r, err := verify.Run(sparseRanges{files}, verify.Options{})
	require.NoError(t, err)
	require.NotEmpty(t, r.Damages)
	require.Equal(t, visibility.FileName, r.Damages[0].File)
	require.Equal(t, damage.Length, r.Damages[0].Reason)
}
