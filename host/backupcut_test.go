package host_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// cuttingOnce is a file system on which one open of an index file in a directory yields a file
// that is cut off at once.
type cuttingOnce struct {
	*memfs.FS
	dir   string
	opens *atomic.Int64 // cut the open at which it becomes 0
}

func (f cuttingOnce) Open(name string) (fsabstraction.File, error) {
	file, err := f.FS.Open(name)
	if err == nil && filepath.Dir(name) == f.dir && directory.KindOf(filepath.Base(name)).Derived() && f.opens.Add(-1) == 0 {
		return failingFile{file, io.EOF}, nil
	}
	return file, err
}

func (cuttingOnce) Clone(fsabstraction.WriteFile, fsabstraction.File) error {
	return errors.ErrUnsupported
}

// TestBackupOfCutIndex: an index file that is cut off while it is backed up makes the backup
// begin again; it has every event. The soak found that it failed.
func TestBackupOfCutIndex(t *testing.T) {
	for name, o := range map[string]host.BackupOptions{"first": {}, "next": {}, "compared": {Compare: true}} {
		t.Run(name, func(t *testing.T) {
			cuts := 0
			for at := int64(1); cuts == int(at)-1; at++ {
				c := &copied{fs: memfs.New()}
				random := rand.New(rand.NewPCG(1, 2))
				for range 5 {
					c.session(t, "/s", random, 10)
				}
				o := o
				o.Logger = quiet
				if name != "first" {
					o.FS = c.fs
					_, err := host.Backup(t.Context(), "/s", "/b", o)
					require.NoError(t, err)
					c.session(t, "/s", random, 10)
				}
				want, end, _ := contentOf(t, c.fs, "/s")
				cutting := cuttingOnce{c.fs, "/s", new(atomic.Int64)}
				cutting.opens.Store(at)
				o.FS = cutting
				r, err := host.Backup(t.Context(), "/s", "/b", o)
				require.NoError(t, err, "cut %d", at)
				if cutting.opens.Load() <= 0 {
					cuts++
				}
				requireBackup(t, c, r, want, end)
			}
			require.Greater(t, cuts, 2)
		})
	}
}
