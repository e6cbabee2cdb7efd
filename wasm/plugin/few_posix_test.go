//go:build linux || darwin

package plugin

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/internal/wasmbuild"
)

const (
	fewDirEnv      = "THAW_TEST_FEW_DIR"
	moduleEnv      = "THAW_TEST_MODULE"
	fewDescriptors = 256
)

func init() { children[fewDirEnv] = readWithFewDescriptors }

// fatal is a require.TestingT outside of tests.
type fatal struct{}

func (fatal) Errorf(format string, args ...any) { fmt.Fprintf(os.Stderr, format, args...) }
func (fatal) FailNow()                          { os.Exit(1) }

// readWithFewDescriptors is the other process: two readers, a verification and a follower.
func readWithFewDescriptors(dir string) {
	t, ctx := fatal{}, context.Background()
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: fewDescriptors, Max: fewDescriptors}))
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	p, err := LoadFile(ctx, os.Getenv(moduleEnv), cached(Options{}))
	require.NoError(t, err)
	for range 2 {
		r, err := p.OpenReader(ctx, dir, ReaderOptions{})
		require.NoError(t, err)
		n := 0
		for e, err := range r.ReadEach(ctx, r.Query(ctx, host.Region{}, host.Page{})) {
			require.NoError(t, err)
			require.Len(t, e.Payload, 1)
			n++
		}
		require.Len(t, names, n)
		require.Empty(t, r.Report().Damages)
		followed := 0
		for _, err := range r.Follow(host.Region{}, host.Position{}, host.FollowOptions{}).Events(ctx) {
			require.NoError(t, err)
			if followed++; followed == n {
				break
			}
		}
	}
	found, err := p.Verify(ctx, dir, ReaderOptions{}, nil)
	require.NoError(t, err)
	require.Empty(t, found.Damages)
	require.Len(t, names, int(found.Events))
}

// TestManySegments reads a store of 10,000 segments in a process that may have 256 files open.
func TestManySegments(t *testing.T) {
	n := 1_000
	if os.Getenv("THAW_FULL") != "" {
		n = 10_000
	}
	if os.Getenv("THAW_FULL") == "" && os.Getenv("THAW_WAZERO_CACHE") == "" {
		t.Skip("the other process would compile the module again")
	}
	module := filepath.Join(t.TempDir(), "thaw.wasm")
	require.NoError(t, os.WriteFile(module, wasmbuild.Module(t), 0o600))
	dir := manySegments(t, n)
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), fewDirEnv+"="+dir, moduleEnv+"="+module)
	out, err := child.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
