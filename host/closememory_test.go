package host_test

import (
	"context"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// TestClosedHoldsNothing: a Store, Reader or Snapshot that was closed and is kept holds
// nothing of what it read and wrote.
func TestClosedHoldsNothing(t *testing.T) {
	p := onDisk(t)
	fill := func(st *host.Store) {
		items := make([]host.Item, 2000)
		for i := range items {
			items[i] = host.Item{At: event.At("order:1", "shop"), Kind: event.Data, Payload: i}
		}
		_, err := st.AppendBatch(t.Context(), items)
		require.NoError(t, err)
	}
	type closer interface {
		host.Reader
		Close() error
	}
	for name, open := range map[string]func() (closer, map[string]func() bool){
		"a store that wrote": func() (closer, map[string]func() bool) {
			st, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs})
			require.NoError(t, err)
			fill(st)
			return st, host.Parts(st)
		},
		"a store that did not": func() (closer, map[string]func() bool) {
			st, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs})
			require.NoError(t, err)
			return st, host.Parts(st)
		},
		"a reader": func() (closer, map[string]func() bool) {
			r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: p.fs})
			require.NoError(t, err)
			return r, host.ReaderParts(r)
		},
		"a snapshot": func() (closer, map[string]func() bool) {
			r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: p.fs})
			require.NoError(t, err)
			s, err := r.Snapshot()
			require.NoError(t, err)
			require.NoError(t, r.Close())
			return s, host.SnapshotParts(s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "a store that wrote" { // maps have no order
				st, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs})
				require.NoError(t, err)
				fill(st)
				require.NoError(t, st.Close())
			}
			c, parts := open()
			for e, err := range c.Stream(t.Context(), "order:1", host.StreamPage{Limit: 3}) {
				require.NoError(t, err)
				_, err = c.Read(t.Context(), e)
				require.NoError(t, err)
			}
			runtime.GC()
			for part, reachable := range parts {
				if part != "version" && part != "snapshot" { // which an append replaces
					require.True(t, reachable(), "%s, of one that is open", part)
				}
			}
			require.NoError(t, c.Close())
			runtime.GC()
			runtime.GC() // pools keep what they hold for one
			for part, reachable := range parts {
				require.False(t, reachable(), part)
			}
			_, err := c.Get(t.Context(), event.ID{1})
			require.ErrorIs(t, err, host.ErrClosed)
			require.ErrorIs(t, c.Close(), host.ErrClosed)
			runtime.KeepAlive(c)
		})
	}
}

// TestClosedIsSmall measures what closed stores take that are kept.
func TestClosedIsSmall(t *testing.T) {
	p := onDisk(t)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const stores = 50
	kept := make([]*host.Store, 0, stores)
	round := func() {
		st, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs})
		require.NoError(t, err)
		_, err = st.Append(t.Context(), event.At("e", "s"), event.Data, 1)
		require.NoError(t, err)
		require.NoError(t, st.Close())
		kept = append(kept, st)
	}
	round()
	kept = kept[:0]
	before := heap()
	for range stores {
		round()
	}
	after := heap()
	each := (max(after, before) - before) / stores
	t.Logf("%d bytes each", each)
	require.Less(t, each, uint64(16<<10))
	runtime.KeepAlive(kept)
}

// TestOpenWhenDone: a context that is done already makes no directory and no file,
// whatever is opened, and appends nothing.
func TestOpenWhenDone(t *testing.T) {
	p := inMemory(t)
	done, cancel := context.WithCancel(t.Context())
	cancel()
	o := host.Options{FS: p.fs}
	dir := p.dir + "/new/store"
	_, err := host.Open(done, dir, o)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, dir)
	_, err = p.fs.Lstat(p.dir + "/new")
	require.Error(t, err)

	// Nor does it make a lock's file in a directory that is there.
	require.NoError(t, p.fs.MkdirAll(dir))
	_, err = host.Open(done, dir, o)
	require.ErrorIs(t, err, context.Canceled)
	_, err = host.Rebuild(done, dir, host.RebuildOptions{Options: o})
	require.ErrorIs(t, err, context.Canceled)
	_, err = host.OpenReader(done, dir, host.ReaderOptions{FS: p.fs})
	require.ErrorIs(t, err, context.Canceled)
	names := func() (names []string) {
		entries, err := p.fs.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			names = append(names, e.Name)
		}
		slices.Sort(names)
		return names
	}
	require.Empty(t, names())

	st, err := host.Open(t.Context(), dir, o)
	require.NoError(t, err)
	before := names()
	item := host.Item{At: event.At("e", "s"), Kind: event.Data, Payload: 1}
	_, err = st.Append(done, item.At, item.Kind, item.Payload)
	require.ErrorIs(t, err, context.Canceled)
	_, err = st.AppendBatch(done, []host.Item{item})
	require.ErrorIs(t, err, context.Canceled)
	_, err = st.AppendEach(done, []host.Item{item})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, before, names())
	require.NoError(t, st.Close())
}
