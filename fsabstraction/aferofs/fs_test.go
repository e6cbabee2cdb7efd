package aferofs_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/aferofs"
	"github.com/thawlog/thaw/fsabstraction/conformance"
)

func TestConformanceInMemory(t *testing.T) {
	conformance.Run(t, func(t *testing.T) (fsabstraction.FS, string) {
		fsys := aferofs.New(afero.NewMemMapFs())
		require.NoError(t, fsys.MkdirAll("/some/store"))
		return fsys, "/some/store"
	})
}

func TestConformanceInMemoryRelative(t *testing.T) {
	conformance.Run(t, func(t *testing.T) (fsabstraction.FS, string) {
		fsys := aferofs.New(afero.NewMemMapFs())
		require.NoError(t, fsys.MkdirAll("store"))
		return fsys, "store"
	})
}

func TestConformanceBasePath(t *testing.T) {
	conformance.Run(t, func(t *testing.T) (fsabstraction.FS, string) {
		fsys := aferofs.New(afero.NewBasePathFs(afero.NewMemMapFs(), "/base"))
		require.NoError(t, fsys.MkdirAll("/store"))
		return fsys, "/store"
	})
}

func TestConformanceOnDisk(t *testing.T) {
	options := []conformance.Option{conformance.WithSymlink(os.Symlink)}
	if runtime.GOOS == "windows" {
		options = append(options, conformance.Without(conformance.ReplaceOpen, "afero opens files with os.Open"))
	}
	conformance.Run(t, func(t *testing.T) (fsabstraction.FS, string) {
		return aferofs.New(afero.NewOsFs()), t.TempDir()
	}, options...)
}

// The adapter reads inner's files under its lock and by its rules; a mapping would bypass
// both.
func TestFilesHaveNoPath(t *testing.T) {
	fsys := aferofs.New(afero.NewOsFs())
	w, err := fsys.Create(t.TempDir() + "/f")
	require.NoError(t, err)
	defer w.Close()
	_, ok := w.(fsabstraction.PathFile)
	require.False(t, ok)
}
