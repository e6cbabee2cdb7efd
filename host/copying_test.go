package host_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// judgeEntity is a judge of a compaction that changes the events of one entity.
func judgeEntity(name string, v host.Verdict) func(event.Event) host.Verdict {
	return func(e event.Event) host.Verdict {
		if e.Entity == name {
			return v
		}
		return host.KeepEvent
	}
}

// TestBackupBesideCompaction: a compaction during a backup, the first or the next, makes the
// backup begin again, and it has the store of afterwards.
func TestBackupBesideCompaction(t *testing.T) {
	ctx := context.Background()
	for _, first := range []bool{true, false} {
		c := &copied{fs: memfs.New()}
		random := rand.New(rand.NewPCG(7, 2))
		c.session(t, "/s", random, 40)
		o := host.BackupOptions{FS: c.fs, Logger: quiet}
		if !first {
			_, err := host.Backup(ctx, "/s", "/b", o)
			require.NoError(t, err)
		}
		st, err := host.Open(ctx, "/s", c.options())
		require.NoError(t, err)
		c.appends(t, st, random, 40)
		compacted := false
		o.Progress = func(uint64, uint64) {
			if !compacted {
				compacted = true
				r, err := st.Compact(ctx, host.Compaction{Judge: judgeEntity("e1", host.DropEvent)})
				require.NoError(t, err)
				require.Positive(t, r.Dropped)
			}
		}
		r, err := st.Backup(ctx, "/b", o)
		require.NoError(t, err)
		require.True(t, compacted)
		require.NoError(t, st.Close())
		want, at, _ := contentOf(t, c.fs, "/s")
		requireBackup(t, c, r, want, at)
	}
}

// TestBackupIsOneState: whenever during a backup events are dropped, it has all of them and says
// nothing of a removal, or it has none and says so.
func TestBackupIsOneState(t *testing.T) {
	skipRace(t)
	for _, first := range []bool{true, false} {
		done := true
		for at := int64(1); done; at++ {
			c := &copied{fs: memfs.New()}
			random := rand.New(rand.NewPCG(7, 3))
			c.session(t, "/s", random, 20)
			if !first {
				_, err := host.Backup(t.Context(), "/s", "/b", host.BackupOptions{FS: c.fs, Logger: quiet})
				require.NoError(t, err)
			}
			c.session(t, "/s", random, 20)
			all, _, _ := contentOf(t, c.fs, "/s")
			done = false
			fs := betweenCalls{c.fs, "/s", new(atomic.Int64), func() {
				done = true
				st, err := host.Open(t.Context(), "/s", c.options())
				require.NoError(t, err)
				r, err := st.Compact(t.Context(), host.Compaction{Judge: judgeEntity("e1", host.DropEvent)})
				require.NoError(t, err)
				require.Positive(t, r.Dropped)
				require.NoError(t, st.Close())
			}}
			fs.calls.Store(at)
			_, err := host.Backup(t.Context(), "/s", "/b", host.BackupOptions{FS: fs, Logger: quiet})
			require.NoError(t, err, "call %d", at)
			soundStore(t, c.fs, "/b")
			got, _, _ := contentOf(t, c.fs, "/b")
			removals := 0
			if b := filesOf(t, c.fs, "/b")[lineage.FileName]; b != "" {
				l, err := lineage.Decode([]byte(b))
				require.NoError(t, err)
				removals = len(l.Removals)
			}
			if removals > 0 {
				after, _, _ := contentOf(t, c.fs, "/s")
				require.Equal(t, withoutPosition(after), withoutPosition(got), "call %d", at)
			} else {
				require.Equal(t, withoutPosition(all), withoutPosition(got), "call %d", at)
			}
		}
	}
}

// TestBackupRead: a reader of a backup that is being switched has the one of before or the one
// of after.
func TestBackupRead(t *testing.T) {
	ctx := context.Background()
	c := &copied{fs: memfs.New()}
	random := rand.New(rand.NewPCG(8, 2))
	c.session(t, "/s", random, 20)
	o := host.BackupOptions{FS: c.fs, Logger: quiet}
	first, err := host.Backup(ctx, "/s", "/b", o)
	require.NoError(t, err)
	ends := sync.Map{}
	ends.Store(first.End.Sequence, true)
	stay, err := host.OpenReader(ctx, "/b", host.ReaderOptions{FS: c.fs, Logger: quiet})
	require.NoError(t, err)
	defer stay.Close()
	stop, ready := make(chan struct{}), make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() {
		for i := 0; ; i++ {
			got, at, report := contentOf(t, c.fs, "/b")
			_, known := ends.Load(at.Sequence)
			if !known || uint64(len(got)) != at.Sequence || report.Damaged() != nil {
				t.Errorf("read %d: %d events to %d: %v", i, len(got), at.Sequence, report.Damaged())
			}
			if i == 0 {
				close(ready)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	<-ready
	for range 10 {
		c.session(t, "/s", random, 10)
		ends.Store(uint64(len(c.last)), true)
		_, err := host.Backup(ctx, "/s", "/b", o)
		require.NoError(t, err)
	}
	close(stop)
	reading.Wait()
	_, err = stay.Refresh(ctx)
	require.NoError(t, err)
	at, err := stay.Position(ctx)
	require.NoError(t, err)
	require.EqualValues(t, len(c.last), at.Sequence)
}

// TestCopiesOfReadOnlyStore: a backup and a fork change nothing in the store's directory.
func TestCopiesOfReadOnlyStore(t *testing.T) {
	ctx := context.Background()
	c := &copied{fs: memfs.New()}
	c.session(t, "/s", rand.New(rand.NewPCG(9, 2)), 40)
	want, at, _ := contentOf(t, c.fs, "/s")
	frozen := failfs.New(c.fs)
	frozen.Fail(failfs.Rule{Kinds: (failfs.Changes | failfs.OpenWrite) &^ failfs.Link, Pattern: filepath.FromSlash("/s/*"), Forever: true})
	r, err := host.Backup(ctx, "/s", "/b", host.BackupOptions{FS: frozen, Logger: quiet})
	require.NoError(t, err)
	requireBackup(t, c, r, want, at)
	for i, noLinks := range []bool{false, true} {
		dst := []string{"/f", "/g"}[i]
		_, err := host.Fork(ctx, "/s", want[len(want)/2].Sequence, dst, host.ForkOptions{FS: frozen, Logger: quiet, NoLinks: noLinks})
		require.NoError(t, err)
		soundStore(t, c.fs, dst)
	}
}

// TestForkChanged: redaction, compaction and recovery in a fork leave every byte of its origin
// alone, and those in the origin every byte of the fork, though they share files.
func TestForkChanged(t *testing.T) {
	ctx := context.Background()
	change := map[string]func(t *testing.T, c *copied, dir string){
		"redact": func(t *testing.T, c *copied, dir string) {
			st, err := host.Open(ctx, dir, c.options())
			require.NoError(t, err)
			r, err := st.Compact(ctx, host.Compaction{Judge: judgeEntity("e1", host.RedactEvent), OnlyChanged: true})
			require.NoError(t, err)
			require.Positive(t, r.Redacted)
			require.NoError(t, st.Close())
		},
		"compact": func(t *testing.T, c *copied, dir string) {
			st, err := host.Open(ctx, dir, c.options())
			require.NoError(t, err)
			_, err = st.Compact(ctx, host.Compaction{Judge: judgeEntity("e2", host.DropEvent), SegmentSize: 1 << 20})
			require.NoError(t, err)
			require.NoError(t, st.Close())
		},
		"recover": func(t *testing.T, c *copied, dir string) {
			c.session(t, dir, rand.New(rand.NewPCG(11, 2)), 2)
			// The footer of the newest segment is lost, and half of its last frame.
			newest := ""
			for name := range filesOf(t, c.fs, dir) {
				if filepath.Ext(name) == ".fbat" {
					newest = max(newest, name)
				}
			}
			f, err := c.fs.OpenWrite(filepath.Join(dir, newest))
			require.NoError(t, err)
			size, err := f.Size()
			require.NoError(t, err)
			require.NoError(t, f.Truncate(size-200))
			require.NoError(t, f.Close())
			for name := range filesOf(t, c.fs, dir) {
				if filepath.Ext(name) == ".thaw" && name != "store.thaw" || name == "index.fbati" {
					require.NoError(t, c.fs.Remove(filepath.Join(dir, name)))
				}
			}
			c.session(t, dir, rand.New(rand.NewPCG(12, 2)), 3)
		},
	}
	for name, f := range change {
		for _, changed := range []string{"/f", "/s"} {
			t.Run(name+changed, func(t *testing.T) {
				c := &copied{fs: memfs.New()}
				c.session(t, "/s", rand.New(rand.NewPCG(10, 2)), 60)
				log, _, _ := contentOf(t, c.fs, "/s")
				r, err := host.Fork(ctx, "/s", log[len(log)*2/3].Sequence, "/f", host.ForkOptions{FS: c.fs, Logger: quiet})
				require.NoError(t, err)
				require.Positive(t, r.Linked)
				other := map[string]string{"/f": "/s", "/s": "/f"}[changed]
				before := filesOf(t, c.fs, other)
				f(t, c, changed)
				require.Equal(t, before, filesOf(t, c.fs, other))
				soundStore(t, c.fs, other)
			})
		}
	}
}
