package node

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/wasm/internal/wasmbuild"
)

// TestLooksInOrder checks that index files are listed before the segments, which a writer may
// be appending to, and hidden ranges after them; neither a broken link nor a directory is
// an error.
func TestLooksInOrder(t *testing.T) {
	node := nodePath(t)
	wasm := filepath.Join(t.TempDir(), "thaw.wasm")
	require.NoError(t, os.WriteFile(wasm, wasmbuild.Module(t), 0o600))
	dir := t.TempDir()
	for _, name := range []string{segment.Name(1), "index.fbati", "index.thaw", "visibility_ranges.fbv", "synced.thaw", "names.thaw"} {
		b, err := os.ReadFile(filepath.Join(fixtures, "fences", "store", name))
		if os.IsNotExist(err) {
			b = []byte("not what it should be")
		} else {
			require.NoError(t, err)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "a-link")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "a-directory"), 0o700))
	script := `import { Plugin } from './thaw.mjs'
		const store = (await Plugin.load(process.argv[1])).open(process.argv[2])
		console.log(JSON.stringify(store.files.map((f) => f.file.slice(process.argv[2].length + 1))))`
	out, err := exec.Command(node, "--no-warnings", "--input-type=module", "-e", script, wasm, dir).CombinedOutput()
	require.NoError(t, err, string(out))
	var names []string
	require.NoError(t, json.Unmarshal(out, &names))
	require.Equal(t, []string{
		"index.fbati", "index.thaw", "synced.thaw", segment.Name(1), "a-directory", "a-link", "names.thaw", "visibility_ranges.fbv",
	}, names)
}
