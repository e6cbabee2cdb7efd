package plugin

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/wasm/internal/wasmbuild"
)

// wasmOf returns thaw.wasm.
func wasmOf(t testing.TB) []byte { return wasmbuild.Module(t) }

// fixtures is the directory of batpak 0.4.0's stores.
const fixtures = "../../core/internal/fixture/testdata"

var shared struct {
	sync.Once
	plugin *Plugin
	err    error
}

// loaded is one plugin for all tests of the package.
func loaded(t testing.TB) *Plugin {
	wasm := wasmbuild.Module(t)
	shared.Do(func() {
		shared.plugin, shared.err = Load(context.Background(), wasm, cached(Options{}))
	})
	require.NoError(t, shared.err)
	return shared.plugin
}

// cached keeps the compiled code in the directory THAW_WAZERO_CACHE for the next test run: wazero takes
// seconds, and ten times that with the race detector.
func cached(o Options) Options {
	o.CacheDir = os.Getenv("THAW_WAZERO_CACHE")
	o.NoCache = o.CacheDir == ""
	return o
}

// skipShort skips a long test of one goroutine, with which the race detector in CI has
// little to do. CI runs it without.
func skipShort(t *testing.T) {
	if testing.Short() {
		t.Skip("it is long, and for the race detector there is little in it")
	}
}

func fixtureNames(t testing.TB) (names []string) {
	entries, err := os.ReadDir(fixtures)
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	require.NotEmpty(t, names)
	return names
}

// copyStore copies a fixture's directory without some of its files.
func copyStore(t testing.TB, name string, without ...string) (dir string) {
	dir = t.TempDir()
	from := filepath.Join(fixtures, name, "store")
	entries, err := os.ReadDir(from)
	require.NoError(t, err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(from, e.Name()))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, e.Name()), b, 0o600))
	}
	for _, w := range without {
		_ = os.Remove(filepath.Join(dir, w))
	}
	return dir
}

// children are what other processes of this binary do with the directory in an environment
// variable.
var children = map[string]func(dir string){}

func TestMain(m *testing.M) {
	for variable, do := range children {
		if dir := os.Getenv(variable); dir != "" {
			do(dir)
			return
		}
	}
	code := m.Run()
	if shared.plugin != nil {
		_ = shared.plugin.Close()
	}
	os.Exit(code)
}
