// Package worker has the engine's worker for browsers and its client, in JavaScript, and
// their tests, in Go, which run them in Node.
package worker

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/wasm/internal/nodetest"
	"github.com/thawlog/thaw/wasm/internal/vectors"
	"github.com/thawlog/thaw/wasm/internal/wasmbuild"
)

const fixtures = "../../../core/internal/fixture/testdata"

// engine returns Node, and the arguments of a script of testdata: the engine, and wasm_exec.js.
func engine(t *testing.T) (node string, args []string) {
	node = nodetest.Path(t, "the browser's worker", ".", "testdata", "../../js")
	wasm := filepath.Join(t.TempDir(), "engine.wasm")
	require.NoError(t, os.WriteFile(wasm, wasmbuild.EngineModule(t), 0o600))
	return node, []string{wasm, nodetest.WasmExec(t)}
}

// process is a Node process that answers cases one after the other.
type process struct {
	*nodetest.Process
	dirs  string
	cases int
}

func start(t *testing.T) *process {
	node, args := engine(t)
	return &process{Process: nodetest.Start(t, node, append([]string{"testdata/vectors.mjs"}, args...)...), dirs: t.TempDir()}
}

// compare asks the questions of a case one after the other, or all at the same time, or both, and
// compares the answers with native code's.
func (p *process) compare(t require.TestingT, c *vectors.Case, ways []bool) {
	p.cases++
	dir := filepath.Join(p.dirs, strconv.Itoa(p.cases))
	c.Write(t, dir)
	want := vectors.Native(c)
	for _, together := range ways {
		var got []vectors.Answer
		p.Ask(t, map[string]any{
			"dir": dir, "flags": c.Flags, "seed": vectors.Seed, "together": together, "questions": c.Spell(),
		}, &got, c.Name)
		vectors.Equal(t, want, got, "%s, together %v", c.Name, together)
	}
	require.NoError(t, os.RemoveAll(dir))
}

// TestVectors checks that the worker and native code give the same answers, byte for byte.
func TestVectors(t *testing.T) {
	p := start(t)
	for i, c := range append(vectors.Sound(t, fixtures), vectors.Damaged(t, fixtures, 1)...) {
		p.compare(t, c, vectors.Ways(i))
	}
	t.Logf("%d stores", p.cases)
}

// TestModel asks random questions about random stores: the worker answers as native code does.
func TestModel(t *testing.T) {
	p := start(t)
	rapid.Check(t, func(r *rapid.T) { p.compare(r, vectors.Draw(t, r), []bool{false, true}) })
}
