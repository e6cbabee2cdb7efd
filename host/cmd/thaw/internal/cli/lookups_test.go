package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/pages"
)

// TestVerifyLookups: verify names index.thaw if it is damaged, and reports one
// that is not in use without taking it for damage.
func TestVerifyLookups(t *testing.T) {
	exported := run(nil, "export", rotated).stdout
	dirs := [2]string{filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")}
	require.Zero(t, runWith(nil, exported, "import", dirs[0]).code)
	require.Zero(t, runWith(nil, exported[:strings.LastIndexByte(exported[:len(exported)/2], '\n')+1], "import", dirs[1]).code)
	path := filepath.Join(dirs[0], index.FileName)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Zero(t, run(nil, "verify", dirs[0]).code)

	b := slices.Clone(whole)
	b[pages.Size+100] ^= 1
	require.NoError(t, os.WriteFile(path, b, 0o644))
	got := run(nil, "verify", dirs[0])
	require.Equal(t, 1, got.code, got.stderr)
	require.Contains(t, got.stdout+got.stderr, index.FileName+" is damaged at byte 4096")
	require.Contains(t, got.stdout+got.stderr, "checksum")
	require.Contains(t, run(nil, "verify", dirs[0], "--json").stdout, `"file":"`+index.FileName+`"`)

	other, err := os.ReadFile(filepath.Join(dirs[1], index.FileName))
	require.NoError(t, err)
	require.NotEqual(t, whole, other)
	require.NoError(t, os.WriteFile(path, other, 0o644))
	got = run(nil, "verify", dirs[0])
	require.Zero(t, got.code, got.stdout)
	require.Contains(t, run(nil, "verify", dirs[0], "--json").stdout, `"topic":"stale"`)
}
