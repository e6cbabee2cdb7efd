package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// TestCopyRecipe does what the help says to a store that is open: the copy is sound and
// can be appended to. TestLiveCopy of host/crash copies in that order, and in others, at
// every two moments of a writer's life.
func TestCopyRecipe(t *testing.T) {
	for _, tool := range []string{"sh", "find", "cp"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	help := run(nil, "--help").stdout
	require.Contains(t, help, copyRecipe)
	for _, c := range (&app{}).root().Commands() {
		require.NotContains(t, c.Example, "cp -r", c.Name())
	}
	root := t.TempDir()
	live, backup := filepath.Join(root, "orders"), filepath.Join(root, "backup")
	st, err := host.Open(t.Context(), live, host.Options{SegmentSize: 4096})
	require.NoError(t, err)
	defer st.Close()
	for i := range 40 {
		_, err = st.Append(t.Context(), event.At("e", "s"), event.Data, i)
		require.NoError(t, err)
	}
	before, rest, ok := strings.Cut(copyRecipe, "  cp orders/*.fbat")
	require.True(t, ok)
	shell := func(script string) {
		c := exec.CommandContext(t.Context(), "sh", "-ec", "thaw() { :; }\n"+script)
		c.Dir = root
		out, err := c.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Empty(t, string(out))
	}
	shell(before)
	_, err = os.Stat(filepath.Join(backup, "000001.fbat"))
	require.ErrorIs(t, err, os.ErrNotExist)
	for i := range 40 { // the writer continues
		_, err = st.Append(t.Context(), event.At("e", "s"), event.Data, i)
		require.NoError(t, err)
	}
	shell("  cp orders/*.fbat" + rest)

	got := run(osfs.FS{}, "verify", backup)
	require.Zero(t, got.code, got.stdout+got.stderr)
	require.Contains(t, got.stdout, ": sound: 80 events in ")
	got = run(osfs.FS{}, "append", backup, "--entity", "e", "--scope", "s", "--kind", "DATA", "--payload", "1", "--expect", "79")
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, got.stdout, `"sequence":80,`)
	require.Zero(t, run(osfs.FS{}, "verify", backup).code)
}
