package host_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// TestCopyOfCutSegment: a segment that an index covers, and that lost its end, is damage that an
// open does not look for. Backups and forks do: a backup would replace the whole segment of the
// last one.
func TestCopyOfCutSegment(t *testing.T) {
	for cut := 1; cut <= 7; cut++ { // a footer that the last one lacks is made again
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			fsys := memfs.New()
			fillSessions(t, fsys, 8, 7)
			o := host.BackupOptions{FS: fsys, Logger: quiet}
			_, err := host.Backup(t.Context(), "store", "backup", o)
			require.NoError(t, err)
			was := filesOf(t, fsys, "backup")

			rebuilt := cut%2 == 0 // in memory and without lengths, which the last events give then
			if rebuilt {
				change(t, fsys, "store/index.thaw", func(size int64) int64 { return size - 10 })
				_, err := host.Backup(t.Context(), "store", "another", o)
				require.NoError(t, err)
			}
			var kept int64
			change(t, fsys, filepath.Join("store", segment.Name(uint64(cut))), func(size int64) int64 {
				if kept = size - 1; rebuilt {
					kept = size / 2
				}
				return -kept
			})
			refused := func(err error) {
				require.ErrorIs(t, err, host.ErrCopyDamaged)
				var d *host.Damage
				require.ErrorAs(t, err, &d)
				require.Equal(t, segment.Name(uint64(cut)), d.File)
				require.EqualValues(t, kept, d.Offset)
			}
			for _, o.Compare = range []bool{false, true} {
				_, err = host.Backup(t.Context(), "store", "backup", o)
				refused(err)
				require.Equal(t, was, filesOf(t, fsys, "backup"))
				_, err = host.Backup(t.Context(), "store", "new", o)
				refused(err)
			}
			fork := host.ForkOptions{FS: fsys, Logger: quiet}
			for at := range 8 { // the event before the last of each session
				dst := fmt.Sprint("fork", at)
				_, err = host.Fork(t.Context(), "store", uint64(7*at+5), dst, fork)
				switch {
				case at+1 > cut || at+1 == cut && rebuilt:
					refused(err)
				default: // the end of the last segment is not copied
					require.NoError(t, err, at)
				}
			}
		})
	}
}

// change flips the byte of a file at the offset that f returns, or cuts it there if that is negative.
func change(t *testing.T, fsys fsabstraction.FS, path string, f func(size int64) int64) {
	file, err := fsys.OpenWrite(path)
	require.NoError(t, err)
	size, err := file.Size()
	require.NoError(t, err)
	if at := f(size); at < 0 {
		require.NoError(t, file.Truncate(-at))
	} else {
		b := make([]byte, 1)
		_, err = file.ReadAt(b, at)
		require.NoError(t, err)
		_, err = file.WriteAt([]byte{^b[0]}, at)
		require.NoError(t, err)
	}
	require.NoError(t, file.Close())
}
