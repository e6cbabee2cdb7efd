package failfs_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/aferofs"
	"github.com/thawlog/thaw/fsabstraction/conformance"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

func TestConformance(t *testing.T) {
	conformance.Run(t, func(t *testing.T) (fsabstraction.FS, string) {
		fsys := failfs.New(aferofs.New(afero.NewMemMapFs()))
		require.NoError(t, fsys.MkdirAll("/store"))
		return fsys, "/store"
	})
}

// bare has no optional ability.
type bare struct{ fsabstraction.FS }

func TestMissingAbilities(t *testing.T) {
	fsys := failfs.New(bare{aferofs.New(afero.NewMemMapFs())})
	require.ErrorIs(t, fsys.SyncDir("."), errors.ErrUnsupported)
	l, err := fsys.Lock("lock")
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.Nil(t, l)
}

// A mapping would bypass the rules.
func TestFilesHaveNoPath(t *testing.T) {
	fsys := failfs.New(osfs.FS{})
	name := filepath.Join(t.TempDir(), "f")
	w, err := fsys.Create(name)
	require.NoError(t, err)
	defer w.Close()
	r, err := fsys.Open(name)
	require.NoError(t, err)
	defer r.Close()
	for _, f := range []fsabstraction.File{w, r} {
		_, ok := f.(fsabstraction.PathFile)
		require.False(t, ok)
	}
}
