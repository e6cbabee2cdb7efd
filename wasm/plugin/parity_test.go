package plugin

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/readertest"
)

// TestOneReader: a store, a reader of its directory, a plugin's reader and the snapshots
// of all three give the same answers, while the store is open and after its close.
func TestOneReader(t *testing.T) {
	dir := t.TempDir()
	st, err := host.Open(t.Context(), dir, host.Options{SegmentSize: 4 << 10})
	require.NoError(t, err)
	writeChains(t, st)
	open := readers(t, dir)
	open["store"] = st
	pinned, err := st.Snapshot()
	require.NoError(t, err)
	defer pinned.Close()
	open["snapshot of the store"] = pinned
	want := sameAnswers(t, open)
	require.Greater(t, len(want), 1000)
	require.NoError(t, st.Close())
	require.Equal(t, want, sameAnswers(t, readers(t, dir)), "after the close")
}

// sameAnswers returns the answers that all readers give.
func sameAnswers(t *testing.T, readers map[string]host.Reader) (want []string) {
	for name, r := range readers {
		got := readertest.Answers(t, r)
		if want == nil {
			want = got
		}
		require.Equal(t, want, got, name)
	}
	return want
}

// readers opens a directory natively and through the plugin.
func readers(t *testing.T, dir string) map[string]host.Reader {
	native, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = native.Close() })
	pinned, err := native.Snapshot()
	require.NoError(t, err)
	t.Cleanup(func() { _ = pinned.Close() })
	sandboxed, err := loaded(t).OpenReader(t.Context(), dir, ReaderOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = sandboxed.Close() })
	moment, err := sandboxed.Snapshot()
	require.NoError(t, err)
	t.Cleanup(func() { _ = moment.Close() })
	return map[string]host.Reader{
		"native": native, "native snapshot": pinned, "plugin": sandboxed, "snapshot of the plugin": moment,
	}
}

// writeChains appends orders, each with a cause and an effect in other entities, over
// several segments.
func writeChains(t *testing.T, st *host.Store) {
	for i := range 12 {
		scope := "shop:" + strconv.Itoa(i%3)
		placed, err := st.Append(t.Context(), event.At("order:"+strconv.Itoa(i%5), scope), 0x1001, i)
		require.NoError(t, err)
		_, err = st.AppendBatch(t.Context(), []host.Item{
			{At: event.At("customer:"+strconv.Itoa(i%4), scope), Kind: 0x2001, Payload: "told", Options: []host.AppendOption{
				host.CausedBy(placed.ID), host.Correlated(placed.ID),
			}},
			{At: event.At("bill", scope), Kind: event.Data, Payload: map[string]int{"n": i}, Options: []host.AppendOption{
				host.CausedByItem(0), host.Correlated(placed.ID),
			}},
		})
		require.NoError(t, err)
	}
}
