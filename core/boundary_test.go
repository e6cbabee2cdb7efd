package core_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/thawlog/thaw/"

// forbidden are the packages that core must not even reach, with everything
// below them.
var forbidden = []string{
	"os", "io/fs", "io/ioutil", "net", "syscall", "time", "fmt", "log", "embed", "plugin", "testing",
	"math/rand", "crypto", "context", "path/filepath",
}

// reflects are the packages through which core may reach reflect.
var reflects = []string{"encoding/binary"}

// dependency is one line of go list.
type dependency struct {
	path     string
	standard bool
	imports  []string
}

// trespass says what is wrong with a dependency of core, or "".
func trespass(d dependency) string {
	switch {
	case strings.HasPrefix(d.path, "vendor/"):
		return d.path + " is vendored"
	case !d.standard && strings.HasPrefix(d.path, module+"core/internal/"):
		return d.path + " is for tests"
	case !d.standard && !strings.HasPrefix(d.path, module+"core/"):
		return d.path + " is not part of core or of the standard library"
	}
	for _, f := range forbidden {
		if d.path == f || strings.HasPrefix(d.path, f+"/") {
			return d.path + " is not pure"
		}
	}
	if slices.Contains(d.imports, "reflect") && !slices.Contains(reflects, d.path) {
		return d.path + " imports reflect"
	}
	return ""
}

func goList(t *testing.T, target string, args ...string) []string {
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	goos, goarch, _ := strings.Cut(target, "/")
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// TestBoundary lists everything core links, on each kind of system.
func TestBoundary(t *testing.T) {
	for _, target := range []string{"linux/amd64", "js/wasm", "wasip1/wasm"} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			rooms := slices.DeleteFunc(goList(t, target, "./..."), func(p string) bool {
				return strings.HasPrefix(p, module+"core/internal/") || p == module+"core"
			})
			require.Greater(t, len(rooms), 10)
			format := `{{.ImportPath}} {{.Standard}} {{join .Imports ","}}`
			for _, line := range goList(t, target, append([]string{"-deps", "-f", format}, rooms...)...) {
				f := strings.SplitN(line, " ", 3)
				require.Empty(t, trespass(dependency{f[0], f[1] == "true", strings.Split(f[2], ",")}))
			}
		})
	}
}

// impure lists what a source file of core must not hold: goroutines, channels'
// select, clocks, and imports of what only tests may use.
func impure(fset *token.FileSet, file *ast.File) (found []string) {
	say := func(n ast.Node, what string) {
		found = append(found, fmt.Sprintf("%s: %s", fset.Position(n.Pos()), what))
	}
	for _, i := range file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		if strings.HasPrefix(path, module+"core/internal/") {
			say(i, "import of a package for tests")
		}
		if path == "time" || path == "unsafe" || path == "C" {
			say(i, "import of "+path)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			say(n, "goroutine")
		case *ast.SelectStmt:
			say(n, "select")
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			switch {
			case ok && x.Name == "time":
				say(n, "clock")
			case n.Sel.Name == "Go" && ok: // sync.WaitGroup.Go
				say(n, "goroutine")
			}
		}
		return true
	})
	return found
}

func TestNoGoroutinesNoClock(t *testing.T) {
	fset, files := token.NewFileSet(), 0
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (path == "internal" || d.Name() == "testdata") {
			if err == nil {
				err = fs.SkipDir
			}
			return err
		}
		if d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files++
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		require.Empty(t, impure(fset, file))
		return nil
	}))
	require.Greater(t, files, 30)
}

// TestBoundaryBites shows the two checks what they are for.
func TestBoundaryBites(t *testing.T) {
	for _, d := range []dependency{
		{"os", true, nil},
		{"net/http", true, nil},
		{"internal/poll", true, []string{"reflect"}},
		{"syscall/js", true, nil},
		{"time", true, nil},
		{"fmt", true, nil},
		{"log/slog", true, nil},
		{"io/fs", true, nil},
		{"encoding/json", true, []string{"reflect"}},
		{"github.com/zeebo/blake3", false, nil},
		{module + "host", false, nil},
		{module + "fsabstraction", false, nil},
		{module + "wasm", false, nil},
		{module + "examples/x", false, nil},
		{module + "core/internal/fixture", false, nil},
	} {
		require.NotEmpty(t, trespass(d), d.path)
	}
	for _, d := range []dependency{
		{"encoding/binary", true, []string{"reflect"}},
		{"internal/runtime/syscall/linux", true, nil},
		{"io", true, nil},
		{module + "core/event", false, []string{"errors"}},
	} {
		require.Empty(t, trespass(d))
	}
	for _, src := range []string{
		"func f() { go f() }",
		"import \"time\"",
		"func f() { _ = time.Now() }",
		"func f(w W) { w.Go(f) }",
		"func f() { select {} }",
		"import \"" + module + "core/internal/fixture\"",
	} {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "x.go", "package p\n"+src, 0)
		require.NoError(t, err)
		require.NotEmpty(t, impure(fset, file), src)
	}
}
