package wasm

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/thawlog/thaw/"

// TestBoundary checks that only the loader for Go imports host, for the types of its
// readers, and wazero, which tests of the two modules import too. Test files count.
func TestBoundary(t *testing.T) {
	cmd := exec.Command("go", "list", "-test", "-deps", "-f", "{{.ImportPath}}: {{join .Imports \" \"}}", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	packages := 0
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), ": ")
		path, _, _ = strings.Cut(path, " ") // drop the name of a test variant
		if !strings.HasPrefix(path, module+"wasm/") {
			continue
		}
		packages++
		require.Empty(t, trespass(path, strings.Fields(imports)))
	}
	require.Greater(t, packages, 5)
}

// trespass returns the first import that a package of wasm must not have, or "".
func trespass(path string, imports []string) string {
	loader := strings.HasPrefix(path, module+"wasm/plugin")
	for _, i := range imports {
		switch {
		case strings.HasPrefix(i, module+"examples"):
			return path + " imports " + i
		case loader:
		case strings.HasPrefix(i, module+"host"), i == module+"wasm/plugin",
			strings.Contains(i, "wazero") && !isModule(path):
			return path + " imports " + i
		}
	}
	return ""
}

// isModule reports whether a package is a module's main package.
func isModule(path string) bool {
	return strings.HasPrefix(path, module+"wasm/guest") || strings.HasPrefix(path, module+"wasm/browser/engine")
}

func TestBoundaryBites(t *testing.T) {
	for path, imports := range map[string]string{
		"wasm/guest": module + "host", "wasm/guest_test": module + "wasm/plugin", "wasm/internal/engine": module + "host/payload",
		"wasm/abi": "github.com/tetratelabs/wazero/api", "wasm/plugin": module + "examples/demo",
	} {
		require.NotEmpty(t, trespass(module+path, []string{"errors", imports}), path)
	}
	for path, imports := range map[string]string{
		"wasm/plugin": module + "host", "wasm/plugin_test": "github.com/tetratelabs/wazero", "wasm/guest": "github.com/tetratelabs/wazero",
		"wasm/internal/engine": module + "core/store",
	} {
		require.Empty(t, trespass(module+path, []string{"errors", imports}))
	}
}
