package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// TestFence fills two fences with appends between: each is invisible before its commit, is
// one batch, and has its expectations checked at the commit.
func TestFence(t *testing.T) {
	g := newGate()
	p := g.place()
	s := p.openStore(t, host.Options{})
	seen := func(want ...string) {
		require.Equal(t, want, entities(all(t, s)))
		require.Equal(t, want, entities(all(t, p.open(t, host.ReaderOptions{}))))
		crashed := place{g.Crash(crashfs.Cut{Survive: 100}), storeDir}
		require.Equal(t, want, entities(all(t, crashed.openStore(t, host.Options{}))))
	}
	put := func(f *host.Fence, entity string, options ...host.AppendOption) event.ID {
		id, err := f.Append(event.At(entity, "s"), event.Data, 1, options...)
		require.NoError(t, err)
		return id
	}
	appendSome(t, s, "a", 1)
	one, two, never := s.Fence(), s.Fence(), s.Fence()
	first := put(one, "one", host.Expect(host.NoEvents))
	put(two, "two", host.Expect(host.NoEvents))
	put(never, "never")
	appendSome(t, s, "b", 1)
	second := put(one, "one", host.CausedByItem(0))
	put(two, "b", host.Expect(host.AtClock(0)))
	seen("a", "b")

	require.NoError(t, never.Cancel())
	require.NotContains(t, string(p.read(t, "000001.fbat")), "never")
	require.ErrorIs(t, never.Cancel(), host.ErrFenceDone)
	_, err := never.Append(event.At("e", "s"), event.Data, 1)
	require.ErrorIs(t, err, host.ErrFenceDone)
	_, err = never.Commit(t.Context())
	require.ErrorIs(t, err, host.ErrFenceDone)

	rs, err := one.Commit(t.Context())
	require.NoError(t, err)
	require.Equal(t, []event.ID{first, second}, []event.ID{rs[0].ID, rs[1].ID})
	require.Equal(t, []uint64{2, 3}, []uint64{rs[0].Sequence, rs[1].Sequence})
	full, err := s.Get(t.Context(), second)
	require.NoError(t, err)
	require.Equal(t, first, full.Causation)
	seen("a", "b", "one", "one")

	appendSome(t, s, "b", 1)
	_, err = two.Commit(t.Context())
	require.ErrorIs(t, err, host.ErrConflict)
	var item *host.ItemError
	require.ErrorAs(t, err, &item)
	require.Equal(t, 1, item.Item)
	seen("a", "b", "one", "one", "b")

	rs, err = s.Fence().Commit(t.Context())
	require.NoError(t, err)
	require.Empty(t, rs)
}

// TestBatchOfOne: a single event appended as a batch, or by a fence, takes as many bytes as
// one appended alone, and is found by its key after a restart.
func TestBatchOfOne(t *testing.T) {
	p := inMemory(t)
	open := func() *host.Store {
		st, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs})
		require.NoError(t, err)
		return st
	}
	st := open()
	item := func(n byte) host.Item {
		return host.Item{At: event.At("e", "s"), Kind: event.Data, Payload: "one", Options: []host.AppendOption{host.WithKey(event.ID{15: n})}}
	}
	fence := func(st *host.Store, n byte) (rs []host.Receipt, err error) {
		f := st.Fence()
		it := item(n)
		_, err = f.Append(it.At, it.Kind, it.Payload, it.Options...)
		require.NoError(t, err)
		return f.Commit(t.Context())
	}
	var receipts []host.Receipt
	add := func(rs []host.Receipt, err error) {
		require.NoError(t, err)
		receipts = append(receipts, rs...)
	}
	it := item(1)
	alone, err := st.Append(t.Context(), it.At, it.Kind, it.Payload, it.Options...)
	add([]host.Receipt{alone}, err)
	add(st.AppendBatch(t.Context(), []host.Item{item(2)}))
	add(fence(st, 3))
	add(st.AppendEach(t.Context(), []host.Item{item(4)}))
	add(st.AppendBatch(t.Context(), []host.Item{item(5)}))
	for i, r := range receipts[1:] {
		before := receipts[i].Position
		require.Equal(t, before.Offset+uint64(before.Length), r.Position.Offset, "nothing lies between %d and %d", i, i+1)
		require.Equal(t, uint64(i+1), r.Sequence)
	}
	require.NoError(t, st.Close())
	require.NoError(t, p.fs.Remove(p.path("index.fbati"))) // so that the frames are read
	st = open()
	again, err := st.AppendBatch(t.Context(), []host.Item{item(2)})
	require.NoError(t, err)
	more, err := fence(st, 3)
	require.NoError(t, err)
	for i, r := range append(again, more...) {
		want := receipts[i+1]
		want.Repeated = true
		require.Equal(t, want, r)
	}
	r, err := host.Verify(t.Context(), p.dir, host.ReaderOptions{FS: p.fs}, nil)
	require.NoError(t, err)
	require.Empty(t, r.Damages)
	require.NoError(t, st.Close())
}
