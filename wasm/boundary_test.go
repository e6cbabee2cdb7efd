package wasm

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/thawlog/thaw/"

// TestBoundary checks that nothing here, tests included, imports the host, and that only
// the loader for Go imports wazero.
func TestBoundary(t *testing.T) {
	cmd := exec.Command("go", "list", "-test", "-deps", "-f", "{{.ImportPath}}: {{join .Imports \" \"}}", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	rooms := 0
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), ": ")
		path, _, _ = strings.Cut(path, " ") // drop the name of a test variant
		if !strings.HasPrefix(path, module) {
			continue
		}
		require.NotContains(t, path, module+"host")
		require.NotContains(t, path, module+"examples")
		if !strings.HasPrefix(path, module+"wasm/") {
			continue
		}
		rooms++
		if !strings.HasPrefix(path, module+"wasm/plugin") && !strings.HasPrefix(path, module+"wasm/guest") {
			require.NotContains(t, imports, "wazero", path)
		}
	}
	require.Greater(t, rooms, 5)
}
