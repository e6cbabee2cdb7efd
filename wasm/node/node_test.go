// Package node has the loader for Node, in JavaScript, and its tests, in Go.
package node

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/vectors"
	"github.com/thawlog/thaw/wasm/internal/wasmbuild"
)

const fixtures = "../../core/internal/fixture/testdata"

// spell returns a request in the form of thaw.mjs: with the keys of its operation, and
// without empty conditions.
func spell(q *abi.Request) map[string]any {
	out := map[string]any{"op": q.Op, "format": q.Format, "rows": q.Rows, "bytes": q.Bytes}
	switch q.Op {
	case abi.OpQuery, abi.OpCount:
		for key, name := range map[string]string{"entity": q.Region.Entity, "prefix": q.Region.EntityPrefix, "scope": q.Region.Scope} {
			if name != "" {
				out[key] = name
			}
		}
		spellKinds(q.Region.Kinds, out)
		since, until, hasSince, hasUntil := q.Region.Times.Bounds()
		if hasSince {
			out["since"] = since
		}
		if hasUntil {
			out["until"] = until
		}
		if low, high, limited := q.Region.Clocks.Bounds(); limited {
			out["clocks"] = [2]uint32{low, high}
		}
		out["from"] = q.From
		if q.Op == abi.OpQuery {
			out["limit"], out["to"], out["reverse"] = q.Limit, q.To, q.Reverse
		}
	case abi.OpStream:
		out["entity"], out["from"], out["limit"] = q.Region.Entity, q.From, q.Limit
		out["to"], out["reverse"] = q.To, q.Reverse
	case abi.OpEntities, abi.OpScopes:
		out["after"], out["limit"] = q.Region.Entity, q.Limit
		if q.Region.EntityPrefix != "" {
			out["prefix"] = q.Region.EntityPrefix
		}
	case abi.OpGraph:
		out["id"], out["depth"], out["limit"], out["direction"] = hex.EncodeToString(q.ID[:]), q.From, q.Limit, q.Direction
	case abi.OpAncestors, abi.OpEffects:
		out["id"], out["limit"] = hex.EncodeToString(q.ID[:]), q.Limit
	case abi.OpCorrelated, abi.OpGet:
		out["id"] = hex.EncodeToString(q.ID[:])
	case abi.OpState:
		out["entity"] = q.Region.Entity
	case abi.OpReport, abi.OpVerify:
		out["from"] = q.From
	case abi.OpReadEach:
		out["row"] = q.Row
	}
	switch q.Op { // the other way to ask for payloads
	case abi.OpQuery, abi.OpStream, abi.OpAncestors, abi.OpEffects, abi.OpCorrelated:
		out["payloads"] = q.Format == abi.FormatFull
		if q.Format == abi.FormatFull {
			delete(out, "format")
		}
	}
	return out
}

// spellKinds spells a set of kinds: as a pair where there is one, else as a list.
func spellKinds(s event.Kinds, out map[string]any) {
	runs := [][2]uint16{}
	all := []uint16{}
	for first, last := range s.Runs() {
		runs = append(runs, [2]uint16{uint16(first), uint16(last)})
		for k := int(first); k <= int(last); k++ {
			all = append(all, uint16(k))
		}
	}
	switch {
	case s.All():
	case len(runs) == 1:
		out["kinds"] = runs[0]
	default:
		slices.Reverse(all) // any order
		out["anyOf"] = append(all, all...)
	}
}

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
