package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/readertest"
)

// TestSubjects: a question about one thing is refused with the error that an append
// gives for such a name or id.
func TestSubjects(t *testing.T) {
	p := inMemory(t)
	st, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs})
	require.NoError(t, err)
	defer st.Close()
	for _, entity := range []string{"customer:0", "customer:1", "customer:2", "customer:3"} {
		_, err := st.Append(t.Context(), event.At(entity, "shop"), 0x1001, 1)
		require.NoError(t, err)
	}
	r := p.open(t, host.ReaderOptions{})
	pinned, err := st.Snapshot()
	require.NoError(t, err)
	defer pinned.Close()
	for name, q := range map[string]host.Reader{"store": st, "reader": r, "snapshot": pinned} {
		t.Run(name, func(t *testing.T) { readertest.Refusals(t, q) })
	}
	for name := range readertest.NoNames() {
		_, err := st.Append(t.Context(), event.At(name, "shop"), 0x1001, 1)
		require.Equal(t, commit.CheckEntity(name), err)
	}
	_, err = st.Append(t.Context(), event.At("e", "s"), 0x1001, 1, host.WithKey(event.ID{}))
	require.ErrorIs(t, err, host.ErrZeroID)
}

// TestZeroIDs: an append that names its key, cause or conversation by the zero id, as
// one does who has none, is refused, alone, in a batch and in a fence.
func TestZeroIDs(t *testing.T) {
	p := inMemory(t)
	st, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs})
	require.NoError(t, err)
	defer st.Close()
	at := event.At("e", "s")
	for name, option := range map[string]host.AppendOption{
		"key":            host.WithKey(event.ID{}),
		"key of no text": host.WithKey(host.KeyOf("")),
		"cause":          host.CausedBy(event.ID{}),
		"conversation":   host.Correlated(event.ID{}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := st.Append(t.Context(), at, event.Data, 1, option)
			require.ErrorIs(t, err, host.ErrZeroID)
			items := []host.Item{{At: at, Kind: event.Data, Payload: 1}, {At: at, Kind: event.Data, Payload: 2, Options: []host.AppendOption{option}}}
			_, err = st.AppendBatch(t.Context(), items)
			require.ErrorIs(t, err, host.ErrZeroID)
			var item *host.ItemError
			require.ErrorAs(t, err, &item)
			require.Equal(t, 1, item.Item)
			_, err = st.AppendEach(t.Context(), items[1:])
			require.ErrorIs(t, err, host.ErrZeroID)
			f := st.Fence()
			if _, err = f.Append(at, event.Data, 1, option); err == nil {
				_, err = f.Commit(t.Context())
			}
			require.ErrorIs(t, err, host.ErrZeroID)
		})
	}
	n, err := st.Count(t.Context(), host.Region{}, 0)
	require.NoError(t, err)
	require.Zero(t, n)
}
