package worker

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/wasm/internal/madestore"
	"github.com/thawlog/thaw/wasm/internal/nodetest"
)

// TestCases runs testdata/cases.mjs, whose cases are named.
func TestCases(t *testing.T) {
	node, args := engine(t)
	dir := t.TempDir()
	args = append(append([]string{"testdata/cases.mjs"}, args...), filepath.Join(dir, "a"), filepath.Join(dir, "b"))
	shapes := map[string]madestore.Shape{
		"a": {Seed: 3, PerSegment: 5, Indexed: 8, Part: 2, Tail: 3, Entities: 4, Scopes: 2},
		"b": {Seed: 4, PerSegment: 40, Indexed: 8, Part: 2, Tail: 3, Entities: 30, Scopes: 4},
	}
	for name, shape := range shapes {
		path := filepath.Join(dir, name)
		require.NoError(t, os.Mkdir(path, 0o700))
		for name, b := range madestore.New(t, shape) {
			require.NoError(t, os.WriteFile(filepath.Join(path, name), b, 0o600))
		}
	}
	require.Greater(t, nodetest.Cases(t, "", node, args...), 80)
}
