package store_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

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

// TestLookupsAlwaysGone: a reader beside a writer that replaces its index faster
// than it can be opened opens without.
func TestLookupsAlwaysGone(t *testing.T) {
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

// TestMendingOutlivesTheOpen: Options.Stop bounds the open, and not what queries make
// anew long after.
func TestMendingOutlivesTheOpen(t *testing.T) {
	files, part := longstore.New(t, 400)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	want := dump(t, whole)
	for _, name := range []string{part, index.FileName, "index.fbati"} {
		b := slices.Clone(files[name])
		for at := pages.Size + 8; at < len(b); at += pages.Size {
			b[at] ^= 1
		}
		ctx, cancel := context.WithCancel(t.Context())
		s, err := store.Open(directory.Memory(with(files, name, b)), store.Options{Stop: ctx.Err})
		require.NoError(t, err)
		cancel()
		require.Equal(t, want, dump(t, s), name)
		require.True(t, told(s, name))
	}
}
