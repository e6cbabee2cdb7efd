package host_test

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// requireBackup requires a backup to have the events of a store, and to be sound.
func requireBackup(t require.TestingT, c *copied, r host.BackupResult, want []event.Full, at host.Position) {
	soundStore(t, c.fs, "/b")
	got, position, report := contentOf(t, c.fs, "/b")
	require.Equal(t, want, got)
	require.Equal(t, at, position)
	require.Equal(t, at, r.End)
	require.Equal(t, uint64(len(want)), r.Events)
	require.False(t, report.Unclosed)
	require.Empty(t, report.Rejected)
	for name := range filesOf(t, c.fs, "/b") {
		require.NotContains(t, name, ".swap")
	}
}

// TestBackup: after any sessions a backup, the first or the next, has the events of the store
// and none of its files is written twice without need.
func TestBackup(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		c := &copied{fs: memfs.New()}
		o := host.BackupOptions{FS: c.fs, Logger: quiet}
		for i := range rapid.IntRange(1, 4).Draw(t, "backups") {
			for range rapid.IntRange(0, 2).Draw(t, "sessions") {
				c.session(t, "/s", random, random.IntN(30))
			}
			st, err := host.Open(ctx, "/s", c.options())
			require.NoError(t, err)
			c.appends(t, st, random, random.IntN(20))
			closed := rapid.Bool().Draw(t, "closed")
			if closed {
				require.NoError(t, st.Close())
			}
			want, at, _ := contentOf(t, c.fs, "/s")
			before := filesOf(t, c.fs, "/s")
			o.Compare = rapid.Bool().Draw(t, "compare")
			var r host.BackupResult
			var done, total uint64
			o.Progress = func(d, of uint64) {
				require.GreaterOrEqual(t, d, done)
				done, total = d, of
			}
			if closed {
				r, err = host.Backup(ctx, "/s", "/b", o)
			} else {
				r, err = st.Backup(ctx, "/b", o)
			}
			require.NoError(t, err)
			require.Equal(t, total, done)
			require.Equal(t, i == 0, r.First)
			requireBackup(t, c, r, want, at)
			require.Equal(t, before, filesOf(t, c.fs, "/s"), "the store is only read")
			o.Progress = nil
			again, err := host.Backup(ctx, "/s", "/b", o)
			require.NoError(t, err)
			require.Zero(t, again.CopiedBytes)
			require.Zero(t, again.Copied+again.Cloned+again.Removed)
			if !closed {
				require.NoError(t, st.Close())
			}
		}
		// A restore is a copy, here the backup itself.
		if len(c.last) > 0 {
			(&copied{fs: c.fs}).session(t, "/b", random, 5)
			soundStore(t, c.fs, "/b")
			_, err := host.Backup(ctx, "/s", "/b", o)
			require.ErrorIs(t, err, host.ErrDiverged)
		}
	})
}

// TestBackupIncremental: what the backup has already is not copied again.
func TestBackupIncremental(t *testing.T) {
	ctx := context.Background()
	c := &copied{fs: memfs.New()}
	// Without clones, as on most file systems.
	noClones := failfs.New(c.fs)
	noClones.Fail(failfs.Rule{Kinds: failfs.Clone, Err: errors.ErrUnsupported, Forever: true})
	o := host.BackupOptions{FS: noClones, Logger: quiet}
	random := rand.New(rand.NewPCG(3, 2))
	c.session(t, "/s", random, 100)
	first, err := host.Backup(ctx, "/s", "/b", o)
	require.NoError(t, err)
	require.Zero(t, first.Cloned)
	require.Positive(t, first.CopiedBytes)
	c.session(t, "/s", random, 3)
	second, err := host.Backup(ctx, "/s", "/b", o)
	require.NoError(t, err)
	require.Less(t, second.CopiedBytes, first.CopiedBytes/2)
	require.Greater(t, second.Kept, 3)
	want, at, _ := contentOf(t, c.fs, "/s")
	requireBackup(t, c, second, want, at)
}

// TestBackupOfOtherEnd: a store that was restored is no source for a backup of the other one's later
// state, also if both have dropped what they had not in common.
func TestBackupOfOtherEnd(t *testing.T) {
	c := &copied{fs: memfs.New()}
	o := host.BackupOptions{FS: c.fs, Logger: quiet}
	dropFrom := func(dir string, sequence uint64) {
		st, err := host.Open(t.Context(), dir, c.options())
		require.NoError(t, err)
		r, err := st.Compact(t.Context(), host.Compaction{Judge: func(e event.Event) host.Verdict {
			if e.Sequence >= sequence {
				return host.DropEvent
			}
			return host.KeepEvent
		}})
		require.NoError(t, err)
		require.Positive(t, r.Dropped)
		require.NoError(t, st.Close())
	}
	random := rand.New(rand.NewPCG(5, 2))
	c.session(t, "/s", random, 20)
	_, err := host.Backup(t.Context(), "/s", "/restored", o)
	require.NoError(t, err)
	c.session(t, "/s", random, 20)
	dropFrom("/s", 10)
	_, err = host.Backup(t.Context(), "/s", "/b", o)
	require.NoError(t, err)
	dropFrom("/restored", 10)
	_, err = host.Backup(t.Context(), "/restored", "/b", o)
	require.ErrorIs(t, err, host.ErrDiverged)
}

func TestBackupRefused(t *testing.T) {
	ctx := context.Background()
	c := &copied{fs: memfs.New()}
	o := host.BackupOptions{FS: c.fs, Logger: quiet}
	random := rand.New(rand.NewPCG(4, 2))
	c.session(t, "/d/s", random, 30)
	(&copied{fs: c.fs}).session(t, "/d/other", random, 5)
	refused := func(dir, dst string, class error) {
		t.Helper()
		before := filesOf(t, c.fs, "/d/s")
		_, err := host.Backup(ctx, dir, dst, o)
		require.ErrorIs(t, err, class)
		require.Equal(t, before, filesOf(t, c.fs, "/d/s"))
	}
	refused("/d/none", "/d/b", fs.ErrNotExist)
	refused("/d/s", "/d/s", host.ErrCopyInside)
	refused("/d/s", "/d/s/b", host.ErrCopyInside)
	refused("/d/s", "/d", host.ErrCopyInside)
	refused("/d/s", "/d/other", host.ErrOtherBackup)
	require.NoError(t, c.fs.MkdirAll("/d/files"))
	w, err := c.fs.Create("/d/files/letter.txt")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	refused("/d/s", "/d/files", host.ErrOtherBackup)
	refused("/d/s", "/d/files/letter.txt", host.ErrOtherBackup)

	// An older state of the store is no source for a newer backup.
	_, err = host.Fork(ctx, "/d/s", 10, "/d/older", host.ForkOptions{FS: c.fs, Logger: quiet})
	require.NoError(t, err)
	require.NoError(t, c.fs.Remove("/d/older/"+lineage.FileName))
	_, err = host.Backup(ctx, "/d/s", "/d/b", o)
	require.NoError(t, err)
	refused("/d/older", "/d/b", host.ErrDiverged)
	(&copied{fs: c.fs}).session(t, "/d/older", random, 60)
	refused("/d/older", "/d/b", host.ErrDiverged)

	// Locked by another backup.
	st, err := host.Open(ctx, "/d/b", c.options())
	require.NoError(t, err)
	refused("/d/s", "/d/b", host.ErrLocked)
	require.NoError(t, st.Close())

	// Damage, unless it is accepted.
	f, err := c.fs.OpenWrite("/d/s/" + segment.Name(2))
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{0xff}, 500)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, c.fs.Remove("/d/s/index.fbati"))
	refused("/d/s", "/d/new", host.ErrCopyDamaged)
	refused("/d/s", "/d/b", host.ErrCopyDamaged)
	o.AcceptDamage = true
	r, err := host.Backup(ctx, "/d/s", "/d/new", o)
	require.NoError(t, err)
	want, _, report := contentOf(t, c.fs, "/d/s")
	got, _, copiedReport := contentOf(t, c.fs, "/d/new")
	require.Equal(t, want, got)
	require.Equal(t, len(report.Damages), len(copiedReport.Damages))
	require.Equal(t, report.Events, r.Events)
}

// TestBackupBesideWriter: backups while a writer appends hold what was acknowledged when they
// began, and perhaps more, without a hole.
func TestBackupBesideWriter(t *testing.T) {
	ctx := context.Background()
	c := &copied{fs: memfs.New()}
	st, err := host.Open(ctx, "/s", c.options())
	require.NoError(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	acked := 0
	stop := make(chan struct{})
	wg.Add(1)
	go func() {
		defer wg.Done()
		for i := 0; i < 3000; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := st.Append(ctx, event.At("e", "s"), event.Data, i); err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			acked++
			mu.Unlock()
		}
	}()
	for i := range 8 {
		mu.Lock()
		least := acked
		mu.Unlock()
		r, err := host.Backup(ctx, "/s", "/b", host.BackupOptions{FS: c.fs, Logger: quiet})
		require.NoError(t, err)
		require.Equal(t, i == 0, r.First)
		require.GreaterOrEqual(t, r.Events, uint64(least))
		soundStore(t, c.fs, "/b")
		got, _, _ := contentOf(t, c.fs, "/b")
		require.Len(t, got, int(r.Events))
		for k, e := range got {
			require.EqualValues(t, k, e.Sequence)
		}
	}
	close(stop)
	wg.Wait()
	require.NoError(t, st.Close())
	_, err = st.Backup(ctx, "/b", host.BackupOptions{})
	require.ErrorIs(t, err, host.ErrClosed)
}

// TestBackupAfterCompaction: a compaction removes files from the backup, and what was removed
// from the store; identity and removals come along. A fork of before is not concerned.
func TestBackupAfterCompaction(t *testing.T) {
	ctx := context.Background()
	c := &copied{fs: memfs.New()}
	o := host.BackupOptions{FS: c.fs, Logger: quiet}
	random := rand.New(rand.NewPCG(5, 2))
	for range 5 {
		c.session(t, "/s", random, 12)
	}
	first, err := host.Backup(ctx, "/s", "/b", o)
	require.NoError(t, err)
	log, _, _ := contentOf(t, c.fs, "/s")
	_, err = host.Fork(ctx, "/s", log[len(log)/2].Sequence, "/f", host.ForkOptions{FS: c.fs, Logger: quiet})
	require.NoError(t, err)
	forked, before := filesOf(t, c.fs, "/f"), filesOf(t, c.fs, "/b")

	st, err := host.Open(ctx, "/s", c.options())
	require.NoError(t, err)
	_, err = st.Compact(ctx, host.Compaction{Judge: func(e event.Event) host.Verdict {
		if e.Entity == "e1" || e.Sequence == log[0].Sequence || e.Sequence == log[len(log)-1].Sequence {
			return host.DropEvent
		}
		return host.KeepEvent
	}})
	require.NoError(t, err)
	second, err := st.Backup(ctx, "/b", o)
	require.NoError(t, err)
	require.NoError(t, st.Close())
	require.Equal(t, first.End, second.End, "the identity and the next sequence stay")
	require.Less(t, second.Events, first.Events)
	want, at, _ := contentOf(t, c.fs, "/s")
	requireBackup(t, c, second, want, at)
	r, err := host.OpenReader(ctx, "/b", host.ReaderOptions{FS: c.fs, Logger: quiet})
	require.NoError(t, err)
	defer r.Close()
	l, err := r.Lineage(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, l.Generation)
	require.NotEmpty(t, l.Removals)

	require.Equal(t, forked, filesOf(t, c.fs, "/f"), "a fork shares files, and none of them was written")
	soundStore(t, c.fs, "/f")
	for name, b := range before {
		require.NotEmpty(t, b, name)
	}
	// Compacting the fork leaves the origin alone.
	origin := filesOf(t, c.fs, "/s")
	f, err := host.Open(ctx, "/f", c.options())
	require.NoError(t, err)
	_, err = f.Compact(ctx, host.Compaction{SegmentSize: 1 << 20, Judge: func(e event.Event) host.Verdict {
		if e.Entity == "e2" {
			return host.DropEvent
		}
		return host.KeepEvent
	}})
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.Equal(t, origin, filesOf(t, c.fs, "/s"))
	soundStore(t, c.fs, "/f")
	soundStore(t, c.fs, "/s")
}

// TestBackupFindsRot: damage in a segment that an index covers is not copied over a sound
// backup.
func TestBackupFindsRot(t *testing.T) {
	ctx := context.Background()
	c := &copied{fs: memfs.New()}
	o := host.BackupOptions{FS: c.fs, Logger: quiet}
	c.session(t, "/s", rand.New(rand.NewPCG(6, 2)), 60)
	f, err := c.fs.OpenWrite("/s/" + segment.Name(2))
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{0xff, 0xfe}, 500)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	r, err := host.OpenReader(ctx, "/s", host.ReaderOptions{FS: c.fs, Logger: quiet})
	require.NoError(t, err)
	require.Empty(t, r.Report().Damages, "an open does not notice")
	require.NoError(t, r.Close())
	_, err = host.Backup(ctx, "/s", "/b", o)
	require.ErrorIs(t, err, host.ErrCopyDamaged)
	var d *host.Damage
	require.ErrorAs(t, err, &d)
	require.Equal(t, segment.Name(2), d.File)
	_, err = c.fs.Lstat("/b.unfinished")
	require.ErrorIs(t, err, fs.ErrNotExist, "a refused backup leaves nothing")
	o.AcceptDamage = true
	_, err = host.Backup(ctx, "/s", "/b", o)
	require.NoError(t, err)
}
