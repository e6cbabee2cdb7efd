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

	// What the guest is made of is part of the test, which go test would otherwise
	// believe to be the same as before.
	_ "github.com/thawlog/thaw/wasm/internal/engine"
)

// Flags are those with which thaw.wasm is built everywhere, so that the same source and
// the same compiler give the same bytes.
var Flags = []string{"-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="}

// Guest is the package that is built.
const Guest = "github.com/thawlog/thaw/wasm/guest"

// Build builds the guest into a file.
func Build(to string, args ...string) error {
	args = append(append(append([]string{"build", "-o", to}, Flags...), args...), Guest)
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
	if err := Build(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Module returns thaw.wasm, which is built once in a process.
func Module(t testing.TB) []byte {
	if _, here, _, ok := runtime.Caller(0); ok { // go test then notices that the exports changed
		_, _ = os.ReadFile(filepath.Join(filepath.Dir(here), "..", "..", "guest", "exports_wasip1.go"))
	}
	b, err := once()
	require.NoError(t, err)
	return b
}
