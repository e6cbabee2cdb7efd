// Package wasmbuild builds thaw.wasm, engine.wasm and scratch.wasm for tests, as the Makefile
// does.
package wasmbuild

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	// The import makes the guest's source part of the test; otherwise go test would reuse a
	// cached result.
	_ "github.com/thawlog/thaw/wasm/internal/engine"
)

// flags are the flags of every build, so that the same source and compiler give the same
// bytes.
var flags = []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="}

// The import paths of the modules: thaw.wasm, engine.wasm and scratch.wasm.
const (
	Guest  = "github.com/thawlog/thaw/wasm/guest"
	Engine = "github.com/thawlog/thaw/wasm/browser/engine"
	// Scratch is built of package scratchstore, which a test of it has to import.
	Scratch = "github.com/thawlog/thaw/wasm/browser/scratch"
)

// build builds a package into a file.
func build(to, goos, pkg string, args ...string) error {
	args = append(append(append([]string{"build", "-o", to}, flags...), args...), pkg)
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=", "GOWASM=")
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// built returns a module, built once per process.
func built(goos, pkg string, args ...string) func() ([]byte, error) {
	return sync.OnceValues(func() ([]byte, error) {
		dir, err := os.MkdirTemp("", "thaw-wasm-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		path := filepath.Join(dir, "built.wasm")
		if err := build(path, goos, pkg, args...); err != nil {
			return nil, err
		}
		return os.ReadFile(path)
	})
}

var (
	guest   = built("wasip1", Guest, "-buildmode=c-shared")
	engine  = built("js", Engine)
	scratch = built("js", Scratch)
)

// Module returns thaw.wasm, built once per process.
func Module(t testing.TB) []byte { return module(t, guest, "guest", "main.go") }

// EngineModule returns engine.wasm, built once per process.
func EngineModule(t testing.TB) []byte { return module(t, engine, "browser", "engine", "main.go") }

// ScratchModule returns scratch.wasm, built once per process.
func ScratchModule(t testing.TB) []byte {
	return module(t, scratch, "browser", "scratch", "page_js.go")
}

func module(t testing.TB, get func() ([]byte, error), main ...string) []byte {
	if _, here, _, ok := runtime.Caller(0); ok { // so go test notices changed exports
		wasm := filepath.Join(filepath.Dir(here), "..", "..")
		for _, file := range []string{filepath.Join(main...), filepath.Join("internal", "exports", "exports_wasm.go")} {
			_, err := os.ReadFile(filepath.Join(wasm, file))
			require.NoError(t, err)
		}
	}
	b, err := get()
	require.NoError(t, err)
	return b
}
