package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/examples/internal/readme"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/plugin"
)

const fixtures = "../../core/internal/fixture/testdata"

// buildWASM builds thaw.wasm as `make wasm` does.
func buildWASM(t testing.TB) string {
	for _, dir := range []string{"guest", "internal/engine", "internal/blake3"} { // go test then notices changes
		sources, err := filepath.Glob(filepath.Join("../../wasm", dir, "*.go"))
		require.NoError(t, err)
		for _, f := range sources {
			_, err := os.ReadFile(f)
			require.NoError(t, err)
		}
	}
	path := filepath.Join(t.TempDir(), "thaw.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=",
		"-o", path, "github.com/thawlog/thaw/wasm/guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// TestReport: the plugin, native code and Node print what the README shows.
func TestReport(t *testing.T) {
	wasm, dir := sharedWASM(t), filepath.Join(fixtures, "rotated", "store")
	t.Setenv("XDG_CACHE_HOME", t.TempDir()) // nothing is left in the user's own
	t.Setenv("HOME", t.TempDir())
	shareCache(t)
	shown, err := readme.Blocks("README.md", "text")
	require.NoError(t, err)
	for _, way := range []string{wasm, wasm, "native"} { // compiled, and found compiled
		var out strings.Builder
		require.NoError(t, run(t.Context(), &out, way, dir))
		require.Equal(t, shown, []string{out.String()}, way)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: report.mjs was not run")
	}
	loader, err := filepath.Glob("../../wasm/[jn]*/*.mjs") // js and node
	require.NoError(t, err)
	for _, script := range append(loader, "report.mjs") { // go test then notices that it changed
		_, err := os.ReadFile(script)
		require.NoError(t, err)
	}
	cmd := exec.Command(node, "--no-warnings", "report.mjs", wasm, dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	require.Equal(t, shown, []string{string(out)})
}

// cached uses the compiled code in the directory THAW_WAZERO_CACHE, as the tests of package plugin do: wazero
// takes seconds for it.
func cached() plugin.Options {
	dir := os.Getenv("THAW_WAZERO_CACHE")
	return plugin.Options{CacheDir: dir, NoCache: dir == ""}
}

// shareCache makes that directory, if there is one, the plugin's in the user's cache directory.
func shareCache(t *testing.T) {
	dir := os.Getenv("THAW_WAZERO_CACHE")
	if dir == "" {
		return
	}
	user, err := os.UserCacheDir()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(user, "thaw"), 0o755))
	if err := os.Symlink(dir, filepath.Join(user, "thaw", "wazero")); err != nil {
		t.Log("the plugin will be compiled again: ", err)
	}
}

var built string

func sharedWASM(t testing.TB) string {
	if built == "" {
		b, err := os.ReadFile(buildWASM(t))
		require.NoError(t, err)
		f, err := os.CreateTemp("", "thaw-*.wasm")
		require.NoError(t, err)
		_, err = f.Write(b)
		require.NoError(t, errors.Join(err, f.Close()))
		built = f.Name()
	}
	return built
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.Remove(built)
	}
	if benchShared != nil {
		_ = benchShared.plugin.Close()
	}
	for _, dir := range benchDirs {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// TestSameReaders asks both readers of every fixture, sound and with a flipped byte in
// each file: values are equal, and so are texts and classes of errors.
func TestSameReaders(t *testing.T) {
	ctx := t.Context()
	p, err := plugin.LoadFile(ctx, sharedWASM(t), cached())
	require.NoError(t, err)
	defer p.Close()
	stores, err := filepath.Glob(filepath.Join(fixtures, "*", "store"))
	require.NoError(t, err)
	require.NotEmpty(t, stores)
	for _, from := range stores {
		names, err := os.ReadDir(from)
		require.NoError(t, err)
		damages := []string{""}
		for _, n := range names {
			damages = append(damages, n.Name())
		}
		for _, damaged := range damages {
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS(from)))
			if damaged != "" {
				flip(t, filepath.Join(dir, damaged))
			}
			native, err1 := host.OpenReader(ctx, dir, host.ReaderOptions{Logger: slog.New(slog.DiscardHandler)})
			sandboxed, err2 := p.OpenReader(ctx, dir, plugin.ReaderOptions{})
			sameError(t, err1, err2)
			if err1 == nil {
				sameAnswers(t, native, sandboxed)
				require.NoError(t, native.Close())
				require.NoError(t, sandboxed.Close())
			}
			found, err1 := host.Verify(ctx, dir, host.ReaderOptions{}, nil)
			again, err2 := p.Verify(ctx, dir, plugin.ReaderOptions{}, nil)
			sameError(t, err1, err2)
			require.Equal(t, found.Sound(), again.Sound())
			require.Equal(t, len(found.Damages), len(again.Damages))
			for i := range found.Damages {
				sameError(t, found.Damages[i], again.Damages[i])
			}
			require.Equal(t, found.Notes, again.Notes)
		}
	}
}

// flip changes a bit in the middle of a file.
func flip(t *testing.T, path string) {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	b[len(b)/2] ^= 4
	require.NoError(t, os.WriteFile(path, b, 0o600))
}

// refreshing is a reader that follows a writer, native or in the plugin.
type refreshing interface {
	host.Reader
	Refresh(ctx context.Context) (changed bool, err error)
}

func sameAnswers(t *testing.T, native, sandboxed refreshing) {
	ctx := t.Context()
	all := sameEvents(t, native.Query(ctx, host.Region{}, host.Page{}), sandboxed.Query(ctx, host.Region{}, host.Page{}))
	ids := []event.ID{{}, {1}}
	for i, e := range all {
		if i%7 == 0 {
			ids = append(ids, e.ID)
		}
		x, err1 := native.Read(ctx, e)
		y, err2 := sandboxed.Read(ctx, e)
		require.Equal(t, x, y)
		sameError(t, err1, err2)
	}
	for _, id := range ids {
		sameEvents(t, native.Ancestors(ctx, id, 0), sandboxed.Ancestors(ctx, id, 0))
		sameEvents(t, native.Effects(ctx, id, 2), sandboxed.Effects(ctx, id, 2))
		sameEvents(t, native.Correlated(ctx, id), sandboxed.Correlated(ctx, id))
		x, err1 := native.Get(ctx, id)
		y, err2 := sandboxed.Get(ctx, id)
		require.Equal(t, x, y)
		sameError(t, err1, err2)
		entity := x.Entity
		sameEvents(t, native.Stream(ctx, entity, host.StreamPage{From: 1}), sandboxed.Stream(ctx, entity, host.StreamPage{From: 1}))
		s1, err1 := native.State(ctx, entity)
		s2, err2 := sandboxed.State(ctx, entity)
		require.Equal(t, s1, s2)
		sameError(t, err1, err2)
		n1, err1 := native.Count(ctx, host.Region{Scope: x.Scope}, 1)
		n2, err2 := sandboxed.Count(ctx, host.Region{Scope: x.Scope}, 1)
		require.Equal(t, n1, n2)
		sameError(t, err1, err2)
	}
	c1, err1 := native.Refresh(ctx)
	c2, err2 := sandboxed.Refresh(ctx)
	require.Equal(t, c1, c2)
	sameError(t, err1, err2)
	r1, r2 := native.Report(), sandboxed.Report()
	require.Positive(t, r2.Took)
	r1.Took, r2.Took = 0, 0
	require.Equal(t, r1.Events, r2.Events)
	require.Equal(t, r1.OpenedFrom, r2.OpenedFrom)
	require.Equal(t, len(r1.Damages), len(r2.Damages))
	for i := range r1.Damages {
		sameError(t, r1.Damages[i], r2.Damages[i])
	}
	require.Equal(t, len(r1.Rejected), len(r2.Rejected))
	for i := range r1.Rejected {
		sameError(t, r1.Rejected[i], r2.Rejected[i])
	}
	r1.Damages, r2.Damages, r1.Rejected, r2.Rejected = nil, nil, nil, nil
	r1.IndexBytes, r2.IndexBytes = 0, 0 // pointers have the same size there, capacities of slices differ
	require.Equal(t, r1, r2)
}

func sameEvents(t *testing.T, native, sandboxed iter.Seq2[event.Event, error]) (events []event.Event) {
	x, err1 := gather(native)
	y, err2 := gather(sandboxed)
	require.Equal(t, len(x), len(y))
	require.Equal(t, x, y)
	sameError(t, err1, err2)
	return x
}

func gather(all iter.Seq2[event.Event, error]) (out []event.Event, err error) {
	for e, err := range all {
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
	return out, nil
}

// sameError compares the texts, the damages, and what errors.Is finds.
func sameError(t *testing.T, native, sandboxed error) {
	if native == nil {
		require.NoError(t, sandboxed)
		return
	}
	require.Error(t, sandboxed)
	require.Equal(t, native.Error(), sandboxed.Error())
	for _, class := range []error{host.ErrNotFound, damage.Checksum, damage.Frame, damage.PayloadHash, io.EOF, context.Canceled} {
		require.Equal(t, errors.Is(native, class), errors.Is(sandboxed, class), class)
	}
	var d1, d2 *damage.Damage
	require.Equal(t, errors.As(native, &d1), errors.As(sandboxed, &d2))
	if d1 != nil {
		x, y := *d1, *d2
		x.Err, y.Err = nil, nil
		require.Equal(t, x, y)
	}
}
