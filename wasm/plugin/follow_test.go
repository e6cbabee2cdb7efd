package plugin

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// TestFollow runs followers through the plugin against a slice, while a store is written,
// flushed, closed and opened: none skips, repeats or reorders, over breaks, refreshes and new
// readers that begin at the position of the last.
func TestFollow(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 8))
	dir := t.TempDir()
	open := func() *host.Store {
		st, err := host.Open(t.Context(), dir, host.Options{SegmentSize: 3000, TailLimit: 1, Durability: host.LoseUnsynced})
		require.NoError(t, err)
		return st
	}
	st := open()
	defer func() { require.NoError(t, st.Close()) }()
	var want []event.Event
	type one struct {
		region host.Region
		got    int
		from   host.Position
		reader *Reader
		f      *host.Follower
	}
	all := []*one{{}, {region: host.Region{Entity: "rare"}}}
	for range 60 {
		switch random.IntN(8) {
		default:
			for range 1 + random.IntN(5) {
				at := event.At("often", "s")
				if random.IntN(4) == 0 {
					at.Entity = "rare"
				}
				r, err := st.Append(t.Context(), at, event.Data, strconv.Itoa(len(want)))
				require.NoError(t, err)
				e := event.Event{Coordinate: at}
				e.ID, e.Sequence = r.ID, r.Sequence
				want = append(want, e)
			}
		case 0:
			require.NoError(t, st.Close())
			st = open()
		case 1, 2, 3:
			o := all[random.IntN(len(all))]
			if o.reader == nil {
				var err error
				o.reader, err = loaded(t).OpenReader(t.Context(), dir, ReaderOptions{})
				require.NoError(t, err)
				o.f = o.reader.Follow(o.region, o.from, host.FollowOptions{StopAtEnd: true})
			}
			most, n := 1+random.IntN(20), 0
			for e, err := range o.f.Events(t.Context()) {
				require.NoError(t, err)
				for o.region.Entity != "" && want[o.got].Entity != o.region.Entity {
					o.got++
				}
				require.Equal(t, want[o.got].ID, e.ID)
				require.Contains(t, string(e.Payload), strconv.Itoa(o.got))
				o.got++
				if n++; n == most {
					break
				}
			}
			o.from = o.f.Position()
			if n < most {
				require.EqualValues(t, len(want), o.from.Sequence)
			}
			if random.IntN(3) == 0 {
				require.NoError(t, o.reader.Close())
				o.reader = nil
			}
		}
	}
	for _, o := range all {
		require.Positive(t, o.got)
		if o.reader != nil {
			require.NoError(t, o.reader.Close())
		}
	}
}

// TestFollowRefuses: a position of another store or beyond the end is refused, and the end of
// the context is its cause.
func TestFollowRefuses(t *testing.T) {
	r, err := loaded(t).OpenReader(t.Context(), copyStore(t, "batch"), ReaderOptions{})
	require.NoError(t, err)
	defer r.Close()
	end, err := r.Position(t.Context())
	require.NoError(t, err)
	for _, c := range []struct {
		from host.Position
		want error
	}{
		{host.Position{Store: event.ID{1}}, host.ErrOtherStore},
		{host.Position{Store: end.Store, Sequence: end.Sequence + 1}, host.ErrBeyondEnd},
	} {
		for _, err := range r.Follow(host.Region{}, c.from, host.FollowOptions{}).Events(t.Context()) {
			require.ErrorIs(t, err, c.want)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	o := host.FollowOptions{MaxPause: time.Millisecond, CaughtUp: func(host.Position) error {
		cancel(host.ErrNotFound)
		return nil
	}}
	for _, err := range r.Follow(host.Region{}, end, o).Events(ctx) {
		require.Equal(t, host.ErrNotFound, err)
	}
}

// calls counts the calls on a disk whose directories have an old time.
type calls struct {
	osfs.FS
	dir string
	n   atomic.Int64
}

func (c *calls) Lstat(name string) (fsabstraction.Info, error) {
	c.n.Add(1)
	info, err := c.FS.Lstat(name)
	if filepath.Clean(name) == c.dir {
		info.ModTime = 1_000_000_001
	}
	return info, err
}

func (c *calls) ReadDir(dir string) ([]fsabstraction.Entry, error) {
	c.n.Add(100)
	return c.FS.ReadDir(dir)
}

// TestRefreshIdle: when nothing happened, a refresh makes two calls.
func TestRefreshIdle(t *testing.T) {
	fs := &calls{dir: copyStore(t, "rotated")}
	r, err := loaded(t).OpenReader(t.Context(), fs.dir, ReaderOptions{FS: fs})
	require.NoError(t, err)
	defer r.Close()
	require.Positive(t, fs.n.Load())
	for range 2 { // the second lists the directory later than any change with its time
		_, err = r.Refresh(t.Context())
		require.NoError(t, err)
		time.Sleep(120 * time.Millisecond)
	}
	_, err = r.Refresh(t.Context())
	require.NoError(t, err)
	fs.n.Store(0)
	changed, err := r.Refresh(t.Context())
	require.NoError(t, err)
	require.False(t, changed)
	require.EqualValues(t, 2, fs.n.Load())
}
