package crashfs_test

import (
	"io/fs"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/conformance"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

func TestConformance(t *testing.T) {
	for _, dir := range []string{"/some/store", "store", "."} {
		t.Run(dir, func(t *testing.T) {
			conformance.Run(t, func(t *testing.T) (fsabstraction.FS, string) {
				fsys := crashfs.New()
				require.NoError(t, fsys.MkdirAll(dir))
				return fsys, dir
			})
		})
	}
}

// A crash returns a full file system, which shares nothing that a write to it could change.
func TestConformanceAfterCrash(t *testing.T) {
	conformance.Run(t, func(t *testing.T) (fsabstraction.FS, string) {
		fsys := crashfs.New()
		require.NoError(t, fsys.MkdirAll("/store"))
		return fsys.Crash(crashfs.Cut{Survive: 100}), "/store"
	})
}

func TestTooLarge(t *testing.T) {
	w, err := crashfs.New().Create("f")
	require.NoError(t, err)
	require.ErrorIs(t, w.Truncate(math.MaxInt64), fs.ErrInvalid)
	_, err = w.WriteAt([]byte("x"), math.MaxInt64-1)
	require.ErrorIs(t, err, fs.ErrInvalid)
}
