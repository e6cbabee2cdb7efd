package plugin

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// meanwhileFS runs a function once, after the first opening of a file.
type meanwhileFS struct {
	osfs.FS
	name string
	run  *func()
}

func (m meanwhileFS) Open(name string) (fsabstraction.File, error) {
	f, err := m.FS.Open(name)
	if filepath.Base(name) == m.name && *m.run != nil {
		run := *m.run
		*m.run = nil
		run()
	}
	return f, err
}

// TestNoFalseAlarm: an index.thaw that a writer replaces right after it was read is not
// reported as refused, if the new one fits. One that stays wrong is.
func TestNoFalseAlarm(t *testing.T) {
	for _, replaced := range []bool{true, false} {
		_, dir := openMade(t, ReaderOptions{})
		path := filepath.Join(dir, index.FileName)
		right, err := os.ReadFile(path)
		require.NoError(t, err)
		wrong := append([]byte{}, right...)
		wrong[100] ^= 1
		require.NoError(t, os.WriteFile(path, wrong, 0o600))
		run := func() {
			if replaced {
				require.NoError(t, os.WriteFile(path+".new", right, 0o600))
				require.NoError(t, os.Rename(path+".new", path))
			}
		}
		r, err := loaded(t).OpenReader(t.Context(), dir, ReaderOptions{FS: meanwhileFS{name: index.FileName, run: &run}})
		require.NoError(t, err)
		require.Nil(t, run, "the file was read")
		if replaced {
			require.Empty(t, r.Report().Rejected)
		} else {
			require.Len(t, r.Report().Rejected, 1)
		}
		require.NoError(t, r.Close())
	}
}
