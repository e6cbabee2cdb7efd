// Package node has the loader for Node, in JavaScript, and its tests, in Go.
package node

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

const fixtures = "../../core/internal/fixture/testdata"

// nodePath returns the path of Node.
func nodePath(t *testing.T) string { return nodetest.Path(t, "the loader for Node", ".", "../js") }

// process is a Node process that answers cases one after the other.
type process struct {
	*nodetest.Process
	dirs  string
	cases int
}

func start(t *testing.T) *process {
	node := nodePath(t)
	dirs := t.TempDir()
	wasm := filepath.Join(dirs, "thaw.wasm")
	require.NoError(t, os.WriteFile(wasm, wasmbuild.Module(t), 0o600))
	return &process{Process: nodetest.Start(t, node, "vectors.mjs", wasm), dirs: dirs}
}

// compare sends Node a case, by windows and with whole files, and compares the answers with
// native code's.
func (p *process) compare(t require.TestingT, c *vectors.Case, ways []bool) {
	p.cases++
	dir := filepath.Join(p.dirs, strconv.Itoa(p.cases))
	c.Write(t, dir)
	want := vectors.Native(c)
	for _, whole := range ways {
		var got []vectors.Answer
		p.Ask(t, map[string]any{
			"dir": dir, "flags": c.Flags, "seed": vectors.Seed, "whole": whole, "questions": c.Spell(),
		}, &got, c.Name)
		vectors.Equal(t, want, got, "%s, whole %v", c.Name, whole)
	}
	require.NoError(t, os.RemoveAll(dir))
}

// TestVectors checks that Node and native code give the same answers, byte for byte.
func TestVectors(t *testing.T) {
	p := start(t)
	for i, c := range append(vectors.Sound(t, fixtures), vectors.Damaged(t, fixtures, 1)...) {
		p.compare(t, c, vectors.Ways(i))
	}
	t.Logf("%d stores", p.cases)
}

// TestModel asks random questions about random stores: Node answers as native code does.
func TestModel(t *testing.T) {
	p := start(t)
	rapid.Check(t, func(r *rapid.T) { p.compare(r, vectors.Draw(t, r), []bool{false, true}) })
}
