package wasm

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/thawlog/thaw/"

// TestBoundary checks that only the loader for Go imports host, for the types of its
// readers, and wazero, which tests of the two modules import too; and that the scratch store,
// which is host's (see its package comment), is imported by nothing else. Test files count.
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
	loader, scratch := strings.HasPrefix(path, module+"wasm/plugin"), isScratch(path)
	for _, i := range imports {
		switch {
		case strings.HasPrefix(i, module+"examples"):
			return path + " imports " + i
		case loader:
		case scratch && strings.HasPrefix(i, module+"host"):
		case strings.HasPrefix(i, module+"host"), i == module+"wasm/plugin", isScratch(i) && !scratch,
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

// isScratch reports whether a package is of the scratch store.
func isScratch(path string) bool {
	for _, of := range []string{"scratch", "internal/scratchstore"} {
		if rest, ok := strings.CutPrefix(path, module+"wasm/browser/"+of); ok && (rest == "" || rest[0] == '.' || rest[0] == '_') {
			return true
		}
	}
	return false
}

// TestOneFileKnowsJavaScript: only one file of wasm imports syscall/js.
func TestOneFileKnowsJavaScript(t *testing.T) {
	var found []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "node_modules" {
			return fs.SkipDir
		}
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			if i.Path.Value == `"syscall/js"` {
				found = append(found, filepath.ToSlash(path))
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"browser/scratch/page_js.go"}, found)
}

func TestBoundaryBites(t *testing.T) {
	for path, imports := range map[string]string{
		"wasm/guest": module + "host", "wasm/guest_test": module + "wasm/plugin", "wasm/internal/engine": module + "host/payload",
		"wasm/abi": "github.com/tetratelabs/wazero/api", "wasm/plugin": module + "examples/demo",
		"wasm/browser/sample": module + "host", "wasm/browser/scratches": module + "host",
		"wasm/browser/engine":  module + "wasm/browser/internal/scratchstore",
		"wasm/browser/scratch": module + "wasm/plugin", "wasm/browser/internal/scratchstore": "github.com/tetratelabs/wazero",
	} {
		require.NotEmpty(t, trespass(module+path, []string{"errors", imports}), path)
	}
	for path, imports := range map[string]string{
		"wasm/plugin": module + "host", "wasm/plugin_test": "github.com/tetratelabs/wazero", "wasm/guest": "github.com/tetratelabs/wazero",
		"wasm/internal/engine": module + "core/store", "wasm/browser/scratch": module + "wasm/browser/internal/scratchstore",
		"wasm/browser/internal/scratchstore.test": module + "host", "wasm/browser/internal/scratchstore": module + "host",
	} {
		require.Empty(t, trespass(module+path, []string{"errors", imports}))
	}
}
