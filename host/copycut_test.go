package host_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/segment"
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

			f, err := fsys.OpenWrite(filepath.Join("store", segment.Name(uint64(cut))))
			require.NoError(t, err)
			size, err := f.Size()
			require.NoError(t, err)
			require.NoError(t, f.Truncate(size-1))
			require.NoError(t, f.Close())
			refused := func(err error) {
				require.ErrorIs(t, err, host.ErrCopyDamaged)
				var d *host.Damage
				require.ErrorAs(t, err, &d)
				require.Equal(t, segment.Name(uint64(cut)), d.File)
				require.EqualValues(t, size-1, d.Offset)
				require.EqualValues(t, 1, d.Length)
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
				if at+1 <= cut { // the end of the last segment is not copied
					require.NoError(t, err, at)
				} else {
					refused(err)
				}
			}
		})
	}
}
