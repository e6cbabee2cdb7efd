// Package node has the loader for Node, which is JavaScript. Its test is Go.
package node

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/vectors"
	"github.com/thawlog/thaw/wasm/internal/wasmbuild"
)

const fixtures = "../../core/internal/fixture/testdata"

// question is a request as thaw.mjs takes it.
type question struct {
	Op     uint32    `json:"op"`
	Format uint32    `json:"format"`
	Flags  uint32    `json:"flags"`
	Rows   uint32    `json:"rows"`
	Bytes  uint32    `json:"bytes"`
	Entity string    `json:"entity"`
	Prefix string    `json:"prefix"`
	Scope  string    `json:"scope"`
	Kinds  *[2]int   `json:"kinds,omitempty"`
	Clocks *[2]int64 `json:"clocks,omitempty"`
	From   uint64    `json:"from"`
	Limit  uint64    `json:"limit"`
	ID     string    `json:"id"`
}

func spell(q *abi.Request) question {
	out := question{
		Op: q.Op, Format: q.Format, Flags: q.Flags, Rows: q.Rows, Bytes: q.Bytes, From: q.From, Limit: q.Limit,
		Entity: q.Region.Entity, Prefix: q.Region.EntityPrefix, Scope: q.Region.Scope, ID: hex.EncodeToString(q.ID[:]),
	}
	if !q.Region.Kinds.All() {
		first, last := q.Region.Kinds.Bounds()
		out.Kinds = &[2]int{int(first), int(last)}
	}
	if low, high, limited := q.Region.Clocks.Bounds(); limited {
		out.Clocks = &[2]int64{int64(low), int64(high)}
	}
	return out
}

// process is Node, which answers one case after the other.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Reader
	dirs  string
	cases int
}

func start(t *testing.T) *process {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: the loader for Node is not compared with native code")
	}
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

// compare asks Node a case, by windows and with whole files, and wants native code's
// answers.
func (p *process) compare(t require.TestingT, c *vectors.Case) {
	p.cases++
	dir := filepath.Join(p.dirs, strconv.Itoa(p.cases))
	require.NoError(t, os.Mkdir(dir, 0o700))
	for name, b := range c.Files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	questions := make([]question, len(c.Questions))
	for i := range questions {
		questions[i] = spell(&c.Questions[i])
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

// TestVectors: Node and native code give the same answers, byte for byte.
func TestVectors(t *testing.T) {
	p := start(t)
	for _, c := range append(vectors.Sound(t, fixtures), vectors.Damaged(t, fixtures, 1)...) {
		p.compare(t, c)
	}
	t.Logf("%d stores", p.cases)
}

// TestModel asks stores of any shape any questions: Node answers as native code.
func TestModel(t *testing.T) {
	p := start(t)
	rapid.Check(t, func(r *rapid.T) { p.compare(r, vectors.Draw(t, r)) })
}
