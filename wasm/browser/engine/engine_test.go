package main

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/thawlog/thaw/wasm/internal/wasmbuild"
)

var update = flag.Bool("update", false, "rewrite imports.txt")

func spell(types []api.ValueType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = api.ValueTypeName(t)
	}
	return "(" + strings.Join(names, ",") + ")"
}

// TestLists checks that the module exports the guest's functions, and what wasm_exec.js
// needs, and compares its imports with the committed list.
func TestLists(t *testing.T) {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	m, err := r.CompileModule(ctx, wasmbuild.EngineModule(t))
	require.NoError(t, err)

	var exports, imports []string
	for name, f := range m.ExportedFunctions() {
		exports = append(exports, name+" "+spell(f.ParamTypes())+"->"+spell(f.ResultTypes()))
	}
	list, err := os.ReadFile("../../guest/exports.txt")
	require.NoError(t, err)
	want := []string{"getsp ()->(i32)", "resume ()->()", "run (i32,i32)->()"}
	for line := range strings.Lines(string(list)) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "_initialize ") {
			want = append(want, line)
		}
	}
	require.ElementsMatch(t, want, exports)
	require.Contains(t, m.ExportedMemories(), "mem")

	for _, f := range m.ImportedFunctions() {
		module, name, _ := f.Import()
		imports = append(imports, module+" "+name)
	}
	slices.Sort(imports)
	got := strings.Join(imports, "\n") + "\n"
	if *update {
		require.NoError(t, os.WriteFile("imports.txt", []byte(got), 0o600))
	}
	committed, err := os.ReadFile("imports.txt")
	require.NoError(t, err)
	require.Equal(t, string(committed), got, "go test ./wasm/browser/engine -update rewrites it")
}

// TestGraph checks that the module links neither I/O nor calls of JavaScript.
func TestGraph(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", wasmbuild.Engine)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	out, err := cmd.Output()
	require.NoError(t, err)
	for path := range strings.Lines(string(out)) {
		require.NotContains(t, []string{"os", "fmt", "time", "syscall", "syscall/js", "io/fs", "log", "encoding/json"}, strings.TrimSpace(path))
	}
}
