package interop_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
)

// TestBatpakIgnoresNames: batpak reads, continues and compacts a store with names.thaw
// beside its segments as it does one without, and leaves the file.
func TestBatpakIgnoresNames(t *testing.T) {
	p := peer(t)
	names := map[event.Kind]string{0x1000: "order.placed", 0x1001: "order.paid"}
	o := interop.WriteOptions{Seed: 1, Steps: 30, SegmentMax: 4000, ClockUS: clockUS}
	for _, how := range []interop.Compaction{interop.Merge, interop.Retain, interop.Tombstone} {
		named := filepath.Join(t.TempDir(), "store")
		acknowledged := len(write(t, p, named, o))
		st, err := host.Open(t.Context(), named, host.Options{Logger: slog.New(slog.DiscardHandler), KindNames: names})
		require.NoError(t, err)
		require.NoError(t, st.Close())
		plain := filepath.Join(t.TempDir(), "plain")
		require.NoError(t, os.CopyFS(plain, os.DirFS(named)))
		require.NoError(t, os.Remove(filepath.Join(plain, kindnames.FileName)))
		require.Equal(t, lines(t, p, plain), lines(t, p, named))

		for _, dir := range []string{plain, named} {
			require.NoError(t, p.Compact(t.Context(), dir, how))
		}
		require.Equal(t, lines(t, p, plain), lines(t, p, named))
		require.Equal(t, records(t, plain), records(t, named))

		again := o
		again.Seed, again.ClockUS = 2, clockUS+1_000_000_000
		acknowledged += len(write(t, p, named, again))
		r, err := host.OpenReader(t.Context(), named, host.ReaderOptions{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		defer r.Close()
		require.Empty(t, r.Report().Damages)
		require.Len(t, events(t, r), acknowledged)
		got, err := host.ReadKindNames(nil, named)
		require.NoError(t, err)
		require.Equal(t, names, got)
	}
}
