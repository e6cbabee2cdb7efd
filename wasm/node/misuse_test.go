package node

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/wasm/internal/madestore"
	"github.com/thawlog/thaw/wasm/internal/nodetest"
	"github.com/thawlog/thaw/wasm/internal/wasmbuild"
)

// TestMisuse runs misuse.mjs, whose cases are named, in a process with few descriptors.
func TestMisuse(t *testing.T) {
	node := nodePath(t)
	dir := t.TempDir()
	args := []string{"misuse.mjs", filepath.Join(dir, "thaw.wasm"), filepath.Join(dir, "a"), filepath.Join(dir, "b")}
	require.NoError(t, os.WriteFile(args[1], wasmbuild.Module(t), 0o600))
	for _, path := range args[2:] {
		require.NoError(t, os.Mkdir(path, 0o700))
		for name, b := range madestore.New(t, madestore.Shape{
			Seed: 3, PerSegment: 5, Indexed: 8, Part: 2, Tail: 3, Entities: 4, Scopes: 2,
		}) {
			require.NoError(t, os.WriteFile(filepath.Join(path, name), b, 0o600))
		}
	}
	require.Greater(t, nodetest.Cases(t, "200", node, args...), 60)
}
