// Package wasmbuild builds thaw.wasm for tests, as the Makefile does.
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

// flags are the flags of every build of thaw.wasm, so that the same source and compiler
// give the same bytes.
var flags = []string{"-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="}

// Guest is the guest's import path.
const Guest = "github.com/thawlog/thaw/wasm/guest"

// build builds the guest into a file.
func build(to string, args ...string) error {
	args = append(append(append([]string{"build", "-o", to}, flags...), args...), Guest)
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=", "GOWASM=")
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

var once = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "thaw-wasm-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "thaw.wasm")
	if err := build(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Module returns thaw.wasm, built once per process.
func Module(t testing.TB) []byte {
	if _, here, _, ok := runtime.Caller(0); ok { // so go test notices changed exports
		_, _ = os.ReadFile(filepath.Join(filepath.Dir(here), "..", "..", "guest", "exports_wasip1.go"))
	}
	b, err := once()
	require.NoError(t, err)
	return b
}
