package host_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// copied is a random store to copy, in memory.
type copied struct {
	fs   *memfs.FS
	last []uint64 // by sequence, the last sequence of its append
}

func (c *copied) options() host.Options {
	return flushingOften(host.Options{FS: c.fs, SegmentSize: 3000, Logger: quiet}, true)
}

// session opens the store, appends, and closes it.
func (c *copied) session(t require.TestingT, dir string, random *rand.Rand, appends int) {
	st, err := host.Open(context.Background(), dir, c.options())
	require.NoError(t, err)
	c.appends(t, st, random, appends)
	require.NoError(t, st.Close())
}

func (c *copied) appends(t require.TestingT, st *host.Store, random *rand.Rand, appends int) {
	for range appends {
		items := make([]host.Item, 1+random.IntN(5)*random.IntN(2))
		for i := range items {
			items[i] = host.Item{At: event.At(fmt.Sprint("e", random.IntN(3)), "s"), Kind: event.Data, Payload: random.IntN(1000)}
		}
		_, err := st.AppendBatch(context.Background(), items)
		require.NoError(t, err)
		for range items {
			c.last = append(c.last, 0)
		}
		for i := range items {
			c.last[len(c.last)-1-i] = uint64(len(c.last) - 1)
		}
	}
}

func filesOf(t require.TestingT, fsys fsabstraction.ReadFS, dir string) map[string]string {
	entries, err := fsys.ReadDir(dir)
	require.NoError(t, err)
	out := map[string]string{}
	for _, e := range entries {
		if e.Name == host.LockName {
			continue
		}
		f, err := fsys.Open(filepath.Join(dir, e.Name))
		require.NoError(t, err)
		size, err := f.Size()
		require.NoError(t, err)
		b := make([]byte, size)
		_, err = f.ReadAt(b, 0)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		out[e.Name] = string(b)
	}
	return out
}

func contentOf(t require.TestingT, fsys fsabstraction.ReadFS, dir string) (out []event.Full, at host.Position, report host.Report) {
	ctx := context.Background()
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{FS: fsys, Logger: quiet})
	require.NoError(t, err)
	defer r.Close()
	for e, err := range r.ReadEach(ctx, r.Query(ctx, host.Region{}, host.Page{})) {
		require.NoError(t, err)
		e.Payload = slices.Clone(e.Payload)
		out = append(out, e)
	}
	at, err = r.Position(ctx)
	require.NoError(t, err)
	return out, at, r.Report()
}

func soundStore(t require.TestingT, fsys fsabstraction.ReadFS, dir string) {
	found, err := host.Verify(context.Background(), dir, host.ReaderOptions{FS: fsys}, nil)
	require.NoError(t, err)
	require.NoError(t, found.Err())
}

// TestForkIsPrefix: a fork at any event is the beginning of the store, a sound store of its own
// identity, and whatever is appended to it leaves every byte of the origin as it was.
func TestForkIsPrefix(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		c := &copied{fs: memfs.New()}
		for range rapid.IntRange(0, 3).Draw(t, "sessions") {
			c.session(t, "/s", random, random.IntN(40))
		}
		live, err := host.Open(ctx, "/s", c.options())
		require.NoError(t, err)
		c.appends(t, live, random, 1+random.IntN(40))
		if rapid.Bool().Draw(t, "closed") {
			require.NoError(t, live.Close())
		} else {
			defer live.Close()
		}
		log, origin, _ := contentOf(t, c.fs, "/s")
		before := filesOf(t, c.fs, "/s")
		at := rapid.Uint64Range(0, uint64(len(log)-1)).Draw(t, "at")
		r, err := host.Fork(ctx, "/s", at, "/f", host.ForkOptions{FS: c.fs, Logger: quiet, NoLinks: rapid.Bool().Draw(t, "copied")})
		require.NoError(t, err)
		require.Equal(t, host.Origin{Store: origin.Store, Sequence: c.last[at]}, r.Origin)
		soundStore(t, c.fs, "/f")
		fork, position, report := contentOf(t, c.fs, "/f")
		require.Equal(t, log[:c.last[at]+1], fork)
		require.Equal(t, r.Identity, position)
		require.NotEqual(t, origin.Store, position.Store)
		require.Equal(t, r.Replay, report.TailEvents)
		require.Empty(t, report.Rejected)
		require.False(t, report.Unclosed)

		// A life of its own.
		(&copied{fs: c.fs}).session(t, "/f", random, random.IntN(60))
		soundStore(t, c.fs, "/f")
		grown, after, _ := contentOf(t, c.fs, "/f")
		require.Equal(t, fork, grown[:len(fork)])
		require.Equal(t, position.Store, after.Store)
		require.True(t, maps.Equal(before, filesOf(t, c.fs, "/s")), "the origin has the bytes that it had")
		soundStore(t, c.fs, "/s")
	})
}

// TestForkInLargeBatch: a fork ends after the batch of its event, however many events lie in one
// segment before it and in the batch.
func TestForkInLargeBatch(t *testing.T) {
	skipRace(t)
	c := &copied{fs: memfs.New()}
	st, err := host.Open(t.Context(), "/s", host.Options{FS: c.fs, Logger: quiet})
	require.NoError(t, err)
	var wanted []uint64
	for _, n := range []int{1, 1023, 1024, 1025, 1, 1, 2048, 2049, 1, 3000, 2} {
		first := len(c.last)
		for i := range n {
			c.last = append(c.last, uint64(first+n-1))
			if i == 0 || i == n/2 || i == n-1 {
				wanted = append(wanted, uint64(first+i))
			}
		}
		_, err := st.AppendBatch(t.Context(), slices.Repeat([]host.Item{{At: event.At("e", "s"), Kind: event.Data, Payload: 1}}, n))
		require.NoError(t, err)
	}
	for range 1500 { // a run without a marker
		c.last = append(c.last, uint64(len(c.last)))
		_, err := st.Append(t.Context(), event.At("e", "s"), event.Data, 1)
		require.NoError(t, err)
	}
	require.NoError(t, st.Close())
	end := uint64(len(c.last))
	for _, at := range append(wanted, end-1500, end-1499, end-400, end-1) {
		r, err := host.Fork(t.Context(), "/s", at, fmt.Sprint("/f", at), host.ForkOptions{FS: c.fs, Logger: quiet})
		require.NoError(t, err)
		require.Equal(t, c.last[at], r.Origin.Sequence, at)
		log, _, _ := contentOf(t, c.fs, fmt.Sprint("/f", at))
		require.Len(t, log, int(c.last[at])+1)
		soundStore(t, c.fs, fmt.Sprint("/f", at))
	}
}

func TestForkRefused(t *testing.T) {
	ctx := context.Background()
	c := &copied{fs: memfs.New()}
	c.session(t, "/d/s", rand.New(rand.NewPCG(1, 1)), 60)
	o := host.ForkOptions{FS: c.fs, Logger: quiet}
	names := filesOf(t, c.fs, "/d/s")

	_, err := host.Fork(ctx, "/d/s", 1<<40, "/d/f", o)
	require.ErrorIs(t, err, host.ErrNotFound)
	_, err = host.Fork(ctx, "/d/none", 0, "/d/f", o)
	require.ErrorIs(t, err, fs.ErrNotExist)
	for _, dst := range []string{"/d/s", "/d", "/d/s/inside", "/"} {
		_, err = host.Fork(ctx, "/d/s", 0, dst, o)
		require.ErrorIs(t, err, host.ErrCopyInside, dst)
	}
	require.NoError(t, c.fs.MkdirAll("/d/there"))
	_, err = host.Fork(ctx, "/d/s", 0, "/d/there", o)
	require.ErrorIs(t, err, fs.ErrExist)
	done, cancel := context.WithCancel(ctx)
	cancel()
	_, err = host.Fork(done, "/d/s", 0, "/d/f", o)
	require.ErrorIs(t, err, context.Canceled)

	w, err := c.fs.OpenWrite(filepath.Join("/d/s", segment.Name(1)))
	require.NoError(t, err)
	_, err = w.WriteAt([]byte{0xff}, 500)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, c.fs.Remove("/d/s/index.fbati"))
	_, err = host.Fork(ctx, "/d/s", 0, "/d/f", o)
	require.ErrorIs(t, err, host.ErrCopyDamaged)
	entries, err := c.fs.ReadDir("/d")
	require.NoError(t, err)
	require.Len(t, entries, 2, "nothing is left behind: %v", entries)
	require.NotEmpty(t, names[segment.Name(1)])
}

// TestForkOfFork: a fork has the removals of its origin, and names it.
func TestForkOfFork(t *testing.T) {
	ctx := context.Background()
	c := &copied{fs: memfs.New()}
	c.session(t, "/s", rand.New(rand.NewPCG(2, 1)), 60)
	w, err := c.fs.Create("/s/" + lineage.FileName)
	require.NoError(t, err)
	_, err = w.WriteAt(lineage.AppendFile(nil, &lineage.Lineage{Identity: event.ID{9}, Generation: 3, Removals: []lineage.Removal{
		{Generation: 2, Mode: lineage.Redacted, First: 0, End: 40, Events: 30},
		{Generation: 3, Mode: lineage.Redacted, First: 20, End: 30, Events: 3}}}), 0)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	first, err := host.Fork(ctx, "/s", 12, "/f", host.ForkOptions{FS: c.fs, Logger: quiet})
	require.NoError(t, err)
	require.Equal(t, event.ID{9}, first.Origin.Store)
	end := first.Origin.Sequence + 1
	second, err := host.Fork(ctx, "/f", 3, "/g", host.ForkOptions{FS: c.fs, Logger: quiet})
	require.NoError(t, err)
	require.Equal(t, first.Identity.Store, second.Origin.Store)

	r, err := host.OpenReader(ctx, "/f", host.ReaderOptions{FS: c.fs})
	require.NoError(t, err)
	defer r.Close()
	l, err := r.Lineage(ctx)
	require.NoError(t, err)
	require.Equal(t, host.Lineage{Identity: first.Identity.Store, Generation: 3, Origin: &first.Origin, Removals: []host.Removal{
		{Generation: 2, Mode: host.Redacted, First: 0, End: end, Events: min(30, end)}}}, l)
	require.Equal(t, l.Removals, l.Before(1, 0))
	require.Empty(t, l.Before(1, 2))
}

// TestForkFixtures: a fork of a store of batpak's at any event is its beginning, in the numbers
// that the store has.
func TestForkFixtures(t *testing.T) {
	ctx := context.Background()
	forks := 0
	stores, err := os.ReadDir(fixtures)
	require.NoError(t, err)
	for _, s := range stores {
		name := s.Name()
		entries, err := os.ReadDir(batpakStore(name))
		if err != nil { // no store
			continue
		}
		files := map[string][]byte{}
		for _, e := range entries {
			files["/s/"+e.Name()], err = os.ReadFile(filepath.Join(batpakStore(name), e.Name()))
			require.NoError(t, err)
		}
		fsys := crashfs.FromFiles(files)
		log, _, report := contentOf(t, fsys, "/s")
		if len(report.Damages) > 0 {
			continue
		}
		for i, e := range log {
			if i%3 != 0 && i != len(log)-1 {
				continue
			}
			dst := fmt.Sprint("/f", i)
			r, err := host.Fork(ctx, "/s", e.Sequence, dst, host.ForkOptions{FS: fsys, Logger: quiet})
			require.NoError(t, err, "%s at %d", name, e.Sequence)
			soundStore(t, fsys, dst)
			fork, _, forked := contentOf(t, fsys, dst)
			require.Equal(t, log[:len(fork)], fork, "%s at %d", name, e.Sequence)
			require.Equal(t, fork[len(fork)-1].Sequence, r.Origin.Sequence)
			require.LessOrEqual(t, e.Sequence, r.Origin.Sequence)
			require.Empty(t, forked.Damages)
			require.Equal(t, r.Identity.Sequence, max(forked.NextSequence, r.Identity.Sequence))
			forks++
		}
	}
	require.Greater(t, forks, 50)
}

// TestFollowAcrossRemoval: a follower in another process goes on when the event before its
// position was removed, and ends when it is gone for no reason that the store gives.
func TestFollowAcrossRemoval(t *testing.T) {
	ctx := context.Background()
	c := &copied{fs: memfs.New()}
	c.session(t, "/s", rand.New(rand.NewPCG(7, 1)), 20)
	r, err := host.OpenReader(ctx, "/s", host.ReaderOptions{FS: c.fs, Logger: quiet})
	require.NoError(t, err)
	defer r.Close()
	f := r.Follow(host.Region{}, host.Position{}, host.FollowOptions{})
	seen := 0
	var last event.Event
	follow := func(until int) error {
		bounded, cancel := context.WithCancel(ctx)
		defer cancel()
		for e, err := range f.Events(bounded) {
			if err != nil {
				return err
			}
			last = e.Event
			if seen++; seen == until {
				return nil
			}
		}
		return nil
	}
	require.NoError(t, follow(len(c.last)))

	st, err := host.Open(ctx, "/s", c.options())
	require.NoError(t, err)
	_, err = st.Compact(ctx, host.Compaction{Judge: func(e event.Event) host.Verdict {
		if e.Sequence == last.Sequence {
			return host.DropEvent
		}
		return host.KeepEvent
	}})
	require.NoError(t, err)
	receipt, err := st.Append(ctx, event.At("e", "s"), event.Data, 1)
	require.NoError(t, err)
	require.Equal(t, last.Sequence+1, receipt.Sequence, "the number of a removed last event is not given out again")
	require.NoError(t, st.Close())
	require.NoError(t, follow(seen+1))
	require.Equal(t, receipt.ID, last.ID)
}
