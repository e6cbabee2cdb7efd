package crash_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

// TestFlushOrder watches the operations of every workload that flushes. A file gets its
// name when all of it is synced, index.fbati in front of index.thaw, and part files
// are removed when the names of those that stand for them are on disk.
func TestFlushOrder(t *testing.T) {
	for i := range flushWorkloads {
		w := &flushWorkloads[i]
		known := &world{}
		fs, err := w.start(known, 1)
		require.NoError(t, err)
		unsynced := map[string]bool{} // files of an index that were written
		base := false                 // index.fbati has its name, and index.thaw not yet
		given, synced := 0, 0         // how many names were given, and are on disk
		since := map[string]int{}     // which of them a part file's is
		removed := 0
		// A failure must not end the goroutine, which holds the file system.
		fs.OnOp(func(op crashfs.Op) {
			name := filepath.Base(op.Name)
			switch {
			case op.Kind == crashfs.SyncDir:
				assert.False(t, base, "index.fbati without index.thaw")
				synced = given
			case !ofIndex(name):
			case op.Kind == crashfs.WriteAt:
				assert.True(t, strings.HasSuffix(name, ".tmp"), "%s is written in place", name)
				unsynced[name] = true
			case op.Kind == crashfs.Sync:
				delete(unsynced, name)
			case op.Kind == crashfs.Rename:
				assert.Empty(t, unsynced, "%s gets its name", op.NewName)
				given++
				since[filepath.Base(op.NewName)] = given
				if filepath.Base(op.NewName) == index.FileName {
					base = false
				} else if filepath.Base(op.NewName) == artifact.FileName {
					base = true
				}
			case op.Kind == crashfs.Remove && isPart(name):
				assert.Equal(t, given, synced, "%s is removed in front of the directory sync", name)
				assert.Greater(t, synced, since[name], "nothing stands for %s", name)
				removed++
			}
		})
		require.NoError(t, w.run(fs, known, 1))
		require.Positive(t, removed, w.name)
	}
}
