package host_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
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
	skipRace(t)
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

// cuttingReads is a file system on which an open index file in a directory is cut off
// before one of its reads.
type cuttingReads struct {
	*memfs.FS
	dir   string
	reads *atomic.Int64 // the file is cut off at the read at which it becomes 0
	do    func()        // called then
}

type cutFile struct {
	fsabstraction.File
	fs  cuttingReads
	cut atomic.Bool
}

func (f cuttingReads) Open(name string) (fsabstraction.File, error) {
	file, err := f.FS.Open(name)
	if err == nil && filepath.Dir(name) == f.dir && directory.KindOf(filepath.Base(name)).Derived() {
		return &cutFile{File: file, fs: f}, nil
	}
	return file, err
}

func (f *cutFile) ReadAt(p []byte, off int64) (int, error) {
	if f.fs.reads.Add(-1) == 0 {
		f.fs.do()
		f.cut.Store(true)
	}
	if f.cut.Load() {
		return 0, io.EOF
	}
	return f.File.ReadAt(p, off)
}

func (cuttingReads) Clone(fsabstraction.WriteFile, fsabstraction.File) error {
	return errors.ErrUnsupported
}

// TestCopyOfIndexCutLater: an index file that is cut off while a backup or a fork reads it makes
// the copy begin again, also when a compaction has taken the segments to rebuild it from. The soak
// found that it did not.
func TestCopyOfIndexCutLater(t *testing.T) {
	skipRace(t)
	for name, what := range map[string]string{
		"backup": "", "fork": "fork", "backup, compaction": "compaction", "fork, compaction": "fork, compaction",
	} {
		fork := strings.Contains(what, "fork")
		t.Run(name, func(t *testing.T) {
			cut := true
			for at := int64(1); cut; at++ {
				c := &copied{fs: memfs.New()}
				random := rand.New(rand.NewPCG(1, 2))
				for range 5 {
					c.session(t, "/s", random, 10)
				}
				want, end, _ := contentOf(t, c.fs, "/s")
				fs := cuttingReads{c.fs, "/s", new(atomic.Int64), func() {
					if strings.Contains(what, "compaction") {
						st, err := host.Open(t.Context(), "/s", c.options())
						require.NoError(t, err)
						_, err = st.Compact(t.Context(), host.Compaction{SegmentSize: 1 << 20})
						require.NoError(t, err)
						require.NoError(t, st.Close())
					}
				}}
				fs.reads.Store(at)
				var err error
				if fork {
					_, err = host.Fork(t.Context(), "/s", end.Sequence-1, "/b", host.ForkOptions{FS: fs, Logger: quiet})
				} else {
					_, err = host.Backup(t.Context(), "/s", "/b", host.BackupOptions{FS: fs, Logger: quiet})
				}
				require.NoError(t, err, "read %d", at)
				cut = fs.reads.Load() <= 0
				soundStore(t, c.fs, "/b")
				got, _, _ := contentOf(t, c.fs, "/b")
				require.Equal(t, withoutPosition(want), withoutPosition(got))
			}
		})
	}
}

// betweenCalls is a file system on which something is done before one call on a directory's files.
type betweenCalls struct {
	*memfs.FS
	dir   string
	calls *atomic.Int64 // do is called before the call at which it becomes 0
	do    func()
}

func (f betweenCalls) count(name string) {
	if filepath.Dir(name) == f.dir && f.calls.Add(-1) == 0 {
		f.do()
	}
}

func (f betweenCalls) Open(name string) (fsabstraction.File, error) {
	f.count(name)
	return f.FS.Open(name)
}

func (f betweenCalls) Lstat(name string) (fsabstraction.Info, error) {
	f.count(name)
	return f.FS.Lstat(name)
}

// TestBackupBetweenSessions: whatever a writer does between two calls of a backup, it succeeds and
// has all that was there before it began. The soak found one with an index that was newer than its
// segments.
func TestBackupBetweenSessions(t *testing.T) {
	skipRace(t)
	for name, what := range map[string]string{
		"appends": "session", "compacts": "session, compaction", "goes on": "appends", "closes": "close", "goes on and closes": "appends, close",
		"compacts at last": "appends, compaction, close", "next": "backup first, appends, close",
		"only index.fbati": "lacks index.thaw, appends, close",
	} {
		t.Run(name, func(t *testing.T) {
			done := true
			for at := int64(1); done; at++ {
				c := &copied{fs: memfs.New()}
				random := rand.New(rand.NewPCG(1, uint64(at)))
				for range 3 {
					c.session(t, "/s", random, 10)
				}
				if strings.Contains(what, "backup first") {
					_, err := host.Backup(t.Context(), "/s", "/b", host.BackupOptions{FS: c.fs, Logger: quiet})
					require.NoError(t, err)
				}
				var st *host.Store
				open := func() {
					var err error
					st, err = host.Open(t.Context(), "/s", c.options())
					require.NoError(t, err)
				}
				if !strings.Contains(what, "session") { // a writer is at it when the backup begins
					open()
					c.appends(t, st, random, 4)
				}
				if strings.Contains(what, "lacks index.thaw") {
					require.NoError(t, c.fs.Remove("/s/index.thaw"))
				}
				want, _, _ := contentOf(t, c.fs, "/s")
				done = false
				fs := betweenCalls{c.fs, "/s", new(atomic.Int64), func() {
					done = true
					if strings.Contains(what, "session") {
						c.session(t, "/s", random, 10)
						open()
					}
					if strings.Contains(what, "appends") {
						c.appends(t, st, random, 10)
					}
					if strings.Contains(what, "compaction") {
						_, err := st.Compact(t.Context(), host.Compaction{SegmentSize: 1 << 20})
						require.NoError(t, err)
					}
					if strings.Contains(what, "close") || strings.Contains(what, "session") {
						require.NoError(t, st.Close())
					}
				}}
				fs.calls.Store(at)
				_, err := host.Backup(t.Context(), "/s", "/b", host.BackupOptions{FS: fs, Logger: quiet})
				require.NoError(t, err, "call %d", at)
				if st != nil {
					_ = st.Close()
				}
				soundStore(t, c.fs, "/b")
				got, _, _ := contentOf(t, c.fs, "/b")
				all, _, _ := contentOf(t, c.fs, "/s")
				require.GreaterOrEqual(t, len(got), len(want))
				require.Equal(t, withoutPosition(all[:len(got)]), withoutPosition(got))
			}
		})
	}
}
