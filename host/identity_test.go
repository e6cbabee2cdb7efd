package host_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// TestIdentityStays: a store keeps its identity and a position through flushes, a close, a
// rebuild, power cuts and a copy; a new store has another.
func TestIdentityStays(t *testing.T) {
	disk := crashfs.New()
	require.NoError(t, disk.MkdirAll(storeDir))
	require.NoError(t, disk.SyncDir(filepath.Dir(storeDir)))
	var id host.Position
	position := func(fs fsabstraction.FS) host.Position {
		t.Helper()
		r, err := host.OpenReader(t.Context(), storeDir, host.ReaderOptions{FS: fs, Logger: quiet})
		require.NoError(t, err)
		defer r.Close()
		p, err := r.Position(t.Context())
		require.NoError(t, err)
		return p
	}
	o := host.Options{FS: disk, SegmentSize: 2000, TailLimit: 1, Logger: quiet}
	appended := uint64(0)
	for range 4 {
		st, err := host.Open(t.Context(), storeDir, o)
		require.NoError(t, err)
		for range 10 {
			receipts := appendSome(t, st, "e", 1)
			if appended++; id.Store.IsZero() {
				id.Store = receipts[0].ID
			}
			id.Sequence = appended
			for _, survive := range []int{0, 50, 100} {
				require.Equal(t, id, position(disk.Crash(crashfs.Cut{Seed: appended, Survive: survive})))
			}
			got, err := st.Position(t.Context())
			require.NoError(t, err)
			require.Equal(t, id, got)
		}
		require.NoError(t, st.Close())
		require.Equal(t, id, position(disk))
	}
	_, err := host.Rebuild(t.Context(), storeDir, host.RebuildOptions{Options: o})
	require.NoError(t, err)
	require.Equal(t, id, position(disk))
	for _, name := range []string{"index.fbati", "index.thaw"} {
		place{disk, storeDir}.remove(t, name)
		require.Equal(t, id, position(disk))
	}

	other := inMemory(t)
	st := other.openStore(t, host.Options{})
	appendSome(t, st, "e", 1)
	p, err := st.Position(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, id.Store, p.Store)
	require.ErrorIs(t, id.In(p), host.ErrOtherStore)
}
