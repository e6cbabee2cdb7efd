package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// TestStatSaysUnclosed: of a store that was not closed, stat says so in words, and says
// what is there and what becomes of it; after the next open for writing it no longer does.
func TestStatSaysUnclosed(t *testing.T) {
	live, stopped := filepath.Join(t.TempDir(), "live"), filepath.Join(t.TempDir(), "stopped")
	st, err := host.Open(t.Context(), live, host.Options{})
	require.NoError(t, err)
	for i := range 3 {
		_, err = st.Append(t.Context(), event.At("e", "s"), event.Data, i)
		require.NoError(t, err)
	}
	require.NoError(t, os.CopyFS(stopped, os.DirFS(live))) // as a kill would leave it
	const said = "not closed     the store was not closed properly, unless a writer has it open now\n" +
		"               all complete appends are intact: 3 events\n" +
		"               the next open for writing repairs this; no other action is needed\n"
	unclosed := func(dir string, want bool, rows string) {
		got := run(osfs.FS{}, "stat", dir)
		require.Zero(t, got.code)
		require.Equal(t, want, strings.Contains(got.stdout, "\nnot closed"), got.stdout)
		require.Contains(t, got.stdout, rows)
		got = run(osfs.FS{}, "stat", dir, "--json")
		require.Contains(t, got.stdout, map[bool]string{true: `"unclosed":true`, false: `"unclosed":false`}[want])
	}
	unclosed(live, true, said)
	unclosed(stopped, true, said)
	require.NoError(t, st.Close())
	unclosed(live, false, "events         3\n")

	f, err := os.OpenFile(filepath.Join(stopped, "000001.fbat"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.Write([]byte{0, 0, 1, 0, 9})
	require.NoError(t, err)
	require.NoError(t, f.Close())
	unclosed(stopped, true, "all complete appends are intact: 3 events; unfinished: 5 bytes of an incomplete append\n"+
		"               the next open for writing repairs this and removes the unfinished part; no other action is needed\n")
	got := run(osfs.FS{}, "rebuild", stopped)
	require.Zero(t, got.code)
	require.NotContains(t, got.stdout, "not closed  ")
	unclosed(stopped, false, "events         3\n")

	require.NoError(t, os.Remove(filepath.Join(stopped, "000001.fbat"))) // and now with damage
	require.NoError(t, os.WriteFile(filepath.Join(stopped, "000002.fbat"), storeFiles(t, "tail")["000001.fbat"][:40], 0o600))
	got = run(osfs.FS{}, "stat", stopped)
	require.Equal(t, 1, got.code)
	require.NotContains(t, got.stdout, "nothing else has to be done")
	require.NotContains(t, run(osfs.FS{}, "stat", filepath.Join(fixtures, "rotated", "store")).stdout, "not closed")
}
