// Package node has the loader for Node, in JavaScript, and its tests, in Go.
package node

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/wasm/internal/vectors"
	"github.com/thawlog/thaw/wasm/internal/wasmbuild"
)

const fixtures = "../../core/internal/fixture/testdata"

// process is a Node process that answers cases one after the other.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Reader
	dirs  string
	cases int
}

// nodePath returns the path of Node. It reads the loader, so that go test does not reuse a
// cached result after a change.
func nodePath(t *testing.T) string {
	node, err := exec.LookPath("node")
	if err == nil {
		err = exec.Command(node, "--version").Run()
	}
	if err != nil {
		t.Skip("the loader for Node is not tested: node is not installed, or does not run: ", err)
	}
	for _, dir := range []string{".", "../js"} {
		scripts, err := filepath.Glob(filepath.Join(dir, "*.mjs"))
		require.NoError(t, err)
		require.NotEmpty(t, scripts)
		for _, script := range scripts {
			_, err := os.ReadFile(script)
			require.NoError(t, err)
		}
	}
	return node
}

func start(t *testing.T) *process {
	node := nodePath(t)
	var err error
	p := &process{dirs: t.TempDir()}
	wasm := filepath.Join(p.dirs, "thaw.wasm")
	require.NoError(t, os.WriteFile(wasm, wasmbuild.Module(t), 0o600))
	p.cmd = exec.Command(node, "--no-warnings", "vectors.mjs", wasm)
	p.in, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.lines = bufio.NewReaderSize(out, 1<<20)
	p.cmd.Stderr = os.Stderr
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, p.in.Close())
		require.NoError(t, p.cmd.Wait())
	})
	return p
}

// compare sends Node a case, by windows and with whole files, and compares the answers with
// native code's.
func (p *process) compare(t require.TestingT, c *vectors.Case) {
	p.cases++
	dir := filepath.Join(p.dirs, strconv.Itoa(p.cases))
	require.NoError(t, os.Mkdir(dir, 0o700))
	for name, b := range c.Files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	questions := make([]map[string]any, len(c.Questions))
	for i := range questions {
		questions[i] = vectors.Spell(&c.Questions[i])
	}
	want := vectors.Native(c)
	for _, whole := range []bool{false, true} {
		require.NoError(t, json.NewEncoder(p.in).Encode(map[string]any{
			"dir": dir, "flags": c.Flags, "seed": vectors.Seed, "whole": whole, "questions": questions,
		}))
		line, err := p.lines.ReadBytes('\n')
		require.NoError(t, err, c.Name)
		var got []vectors.Answer
		require.NoError(t, json.Unmarshal(line, &got))
		require.Len(t, got, len(want))
		for i := range want {
			if want[i] != got[i] {
				require.Equal(t, want[i], got[i], "%s, whole %v, question %d", c.Name, whole, i)
			}
		}
	}
	require.NoError(t, os.RemoveAll(dir))
}

// TestVectors checks that Node and native code give the same answers, byte for byte.
func TestVectors(t *testing.T) {
	p := start(t)
	for _, c := range append(vectors.Sound(t, fixtures), vectors.Damaged(t, fixtures, 1)...) {
		p.compare(t, c)
	}
	t.Logf("%d stores", p.cases)
}

// TestModel asks random questions about random stores: Node answers as native code does.
func TestModel(t *testing.T) {
	p := start(t)
	rapid.Check(t, func(r *rapid.T) { p.compare(r, vectors.Draw(t, r)) })
}
