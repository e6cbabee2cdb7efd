package main

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/wasmbuild"
)

var update = flag.Bool("update", false, "rewrite imports.txt and exports.txt")

// signature returns the signature of a function, such as (i32,i64)->i32.
func signature(f api.FunctionDefinition) string {
	spell := func(types []api.ValueType) string {
		names := make([]string, len(types))
		for i, t := range types {
			names[i] = api.ValueTypeName(t)
		}
		return "(" + strings.Join(names, ",") + ")"
	}
	return spell(f.ParamTypes()) + "->" + spell(f.ResultTypes())
}

// TestLists compares the module's imports and exports with the committed lists. A new
// import means that I/O, a clock or fmt has entered the core.
func TestLists(t *testing.T) {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	m, err := r.CompileModule(ctx, wasmbuild.Module(t))
	require.NoError(t, err)
	var imports, exports []string
	for _, f := range m.ImportedFunctions() {
		module, name, _ := f.Import()
		imports = append(imports, module+" "+name+" "+signature(f))
	}
	for name, f := range m.ExportedFunctions() {
		exports = append(exports, name+" "+signature(f))
	}
	require.Len(t, m.ExportedMemories(), 1)
	require.Empty(t, m.ImportedMemories())
	for file, list := range map[string][]string{"imports.txt": imports, "exports.txt": exports} {
		slices.Sort(list)
		got := strings.Join(list, "\n") + "\n"
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(want), got, "go test ./wasm/guest -update rewrites it")
	}
}

// TestPage checks that ABI.md lists each export, and each code with its text.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("ABI.md")
	require.NoError(t, err)
	require.Contains(t, string(page), "# The ABI of thaw.wasm, version "+strconv.Itoa(abi.Version)+"\n")
	exports, err := os.ReadFile("exports.txt")
	require.NoError(t, err)
	for line := range strings.Lines(string(exports)) {
		name, _, _ := strings.Cut(line, " ")
		require.Contains(t, string(page), "| `"+name+"(")
	}
	rows := regexp.MustCompile(`(?m)^\| (-\d+) \| (.*) \|$`).FindAllStringSubmatch(string(page), -1)
	texts := map[abi.Code]string{}
	for _, r := range rows {
		n, err := strconv.Atoi(r[1])
		require.NoError(t, err)
		texts[abi.Code(n)] = r[2]
	}
	require.Equal(t, abi.Codes(), texts)
}

// TestGraph checks that the module links no I/O, no formatting by reflection, and nothing
// else outside the module.
func TestGraph(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{else}}std {{.ImportPath}}{{end}}", wasmbuild.Guest)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	out, err := cmd.Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if std, ok := strings.CutPrefix(line, "std "); ok {
			require.NotContains(t, []string{"os", "fmt", "time", "syscall", "io/fs", "log", "encoding/json", "encoding/hex"}, std)
			continue
		}
		require.Regexp(t, `^github\.com/thawlog/thaw/(core|wasm)/`, line)
	}
}
