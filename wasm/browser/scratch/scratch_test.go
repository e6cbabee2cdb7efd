package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
	_ "github.com/thawlog/thaw/wasm/browser/internal/scratchstore" // the module is made of it
	"github.com/thawlog/thaw/wasm/internal/nodetest"
	"github.com/thawlog/thaw/wasm/internal/wasmbuild"
)

// TestModule: the module in Node. Package host opens what it wrote.
func TestModule(t *testing.T) {
	node := nodetest.Path(t, "the scratch store", "testdata")
	dir := t.TempDir()
	wasm := filepath.Join(dir, "scratch.wasm")
	require.NoError(t, os.WriteFile(wasm, wasmbuild.ScratchModule(t), 0o600))
	store := filepath.Join(dir, "store")
	require.NoError(t, os.Mkdir(store, 0o700))
	require.Equal(t, 8, nodetest.Cases(t, "", node, "testdata/scratch.mjs", wasm, nodetest.WasmExec(t), store))

	found, err := host.Verify(t.Context(), store, host.ReaderOptions{}, nil)
	require.NoError(t, err)
	require.Empty(t, found.Damages)
	require.Equal(t, uint64(503), found.Events)
	w, err := host.Open(t.Context(), store, host.Options{})
	require.NoError(t, err)
	require.Equal(t, uint64(503), w.Report().Events)
	require.Nil(t, w.Report().Recovered)
	require.NoError(t, w.Close())
}

// TestWorker: the module beside the engine, in the page's worker.
func TestWorker(t *testing.T) {
	node := nodetest.Path(t, "the scratch store in the worker", "testdata", "../worker", "../worker/testdata", "../../js")
	dir := t.TempDir()
	scratch, engine := filepath.Join(dir, "scratch.wasm"), filepath.Join(dir, "engine.wasm")
	require.NoError(t, os.WriteFile(scratch, wasmbuild.ScratchModule(t), 0o600))
	require.NoError(t, os.WriteFile(engine, wasmbuild.EngineModule(t), 0o600))
	require.Equal(t, 4, nodetest.Cases(t, "", node, "testdata/worker.mjs", scratch, nodetest.WasmExec(t), engine))
}
