package osfs_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/conformance"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

func TestConformance(t *testing.T) {
	conformance.Run(t, func(t *testing.T) (fsabstraction.FS, string) {
		return osfs.FS{}, t.TempDir()
	}, conformance.WithSymlink(os.Symlink))
}

func TestFilesHaveTheirPath(t *testing.T) {
	path := t.TempDir() + "/f"
	w, err := osfs.FS{}.Create(path)
	require.NoError(t, err)
	defer w.Close()
	r, err := osfs.FS{}.Open(path)
	require.NoError(t, err)
	defer r.Close()
	for _, f := range []fsabstraction.File{w, r} {
		require.Equal(t, path, f.(fsabstraction.PathFile).Path())
	}
}
