package host_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// bitFlips is a file system that stores a byte of some new files wrongly.
type bitFlips struct {
	*memfs.FS
	file string // the end of their paths
	at   int64
	n    int
}

type flippedFile struct {
	fsabstraction.WriteFile
	fs *bitFlips
}

func (b *bitFlips) Create(name string) (fsabstraction.WriteFile, error) {
	f, err := b.FS.Create(name)
	if err != nil || b.file == "" || !strings.HasSuffix(filepath.ToSlash(name), b.file) {
		return f, err
	}
	return &flippedFile{WriteFile: f, fs: b}, nil
}

func (f *flippedFile) WriteAt(p []byte, off int64) (int, error) {
	if at := f.fs.at - off; at >= 0 && at < int64(len(p)) {
		p = append([]byte(nil), p...)
		p[at] ^= 1
		f.fs.n++
	}
	return f.WriteFile.WriteAt(p, off)
}

// TestCopyDiffers: what arrives otherwise than it was sent does not become a backup, be it in a
// place that no open looks at.
func TestCopyDiffers(t *testing.T) {
	for _, test := range []struct {
		name, file string
		at         int64
	}{
		{"header of a segment", ".fbat", 9},
		{"frame", "000002.fbat", 100},
		{"index", artifact.FileName, 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			fsys := &bitFlips{FS: memfs.New()}
			fillSessions(t, fsys, 3, 6)
			for _, first := range []bool{true, false} {
				if !first { // one more segment and another index
					fsys.file = ""
					_, err := host.Backup(t.Context(), "store", "copy", host.BackupOptions{FS: fsys, Logger: quiet})
					require.NoError(t, err)
					_, err = host.Rebuild(t.Context(), "store", host.RebuildOptions{Options: compactOptions(fsys)})
					require.NoError(t, err)
					s, err := host.Open(t.Context(), "store", compactOptions(fsys))
					require.NoError(t, err)
					_, err = s.Compact(t.Context(), host.Compaction{Judge: judges["drop"], SegmentSize: 1})
					require.NoError(t, err)
					require.NoError(t, s.Close())
				}
				fsys.file, fsys.at, fsys.n = test.file, test.at, 0
				if !first {
					fsys.file += ".swap"
				}
				_, err := host.Backup(t.Context(), "store", "copy", host.BackupOptions{FS: fsys, Logger: quiet})
				require.ErrorIs(t, err, host.ErrCopyDiffers)
				require.NotZero(t, fsys.n)
				names, err := fsys.ReadDir(".")
				require.NoError(t, err)
				for _, n := range names {
					require.NotContains(t, n.Name, "unfinished")
					require.False(t, first && n.Name == "copy")
				}
				if first {
					continue
				}
				names, err = fsys.ReadDir("copy")
				require.NoError(t, err)
				for _, n := range names {
					require.NotContains(t, n.Name, ".swap")
				}
				_, err = fsys.Lstat(filepath.Join("copy", lineage.FileName))
				require.Error(t, err) // it is that of before
			}
		})
	}
}
