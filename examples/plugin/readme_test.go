package main

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/examples/internal/readme"
	"github.com/thawlog/thaw/host"
)

const wasmReadme = "../../wasm/README.md"

// project is a directory in which the programs of wasm/README.md run: bin/thaw.wasm, the
// loader for Node, and a store. It returns the file of the README's only program in a language.
func project(t *testing.T, language, name string) (dir, program string) {
	blocks, err := readme.Blocks(wasmReadme, language)
	require.NoError(t, err)
	require.Len(t, blocks, 1)
	dir = t.TempDir()
	program = filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(program, []byte(blocks[0]), 0o600))
	b, err := os.ReadFile(sharedWASM(t))
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "bin"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bin", "thaw.wasm"), b, 0o600))
	for _, folder := range []string{"js", "node"} {
		require.NoError(t, os.CopyFS(filepath.Join(dir, "wasm", folder), os.DirFS("../../wasm/"+folder)))
	}

	s, err := host.Open(t.Context(), filepath.Join(dir, "orders"), host.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	for i, kind := range []event.Kind{event.Data, 0x1001, 0x1002} {
		_, err := s.Append(t.Context(), event.At("order:42", "shop"), kind, map[string]int{"n": i})
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	return dir, program
}

// TestReadmeGo: the program in wasm/README.md compiles and runs.
func TestReadmeGo(t *testing.T) {
	dir, program := project(t, "go", "main.go")
	binary := filepath.Join(dir, "program.exe")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, program).CombinedOutput()
	require.NoError(t, err, string(out))
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+dir, "HOME="+dir) // nothing is left in the user's own
	out, err = cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "0 order:42 0x1000 4\n1 order:42 0x1001 4\n2 order:42 0x1002 4\n", string(out))
}

func node(t *testing.T, dir string, args ...string) string {
	path, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	cmd := exec.CommandContext(t.Context(), path, append([]string{"--no-warnings"}, args...)...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	require.Empty(t, stderr.String())
	return string(out)
}

// TestReadmeNode: the program in wasm/README.md runs.
func TestReadmeNode(t *testing.T) {
	dir, program := project(t, "js", "orders.mjs")
	require.Equal(t, "2 0x1002 { n: 2 }\n1 0x1001 { n: 1 }\n2\n", node(t, dir, program))
}

// TestReadmeKeys: the tables of wasm/README.md name exactly the keys that each operation has.
func TestReadmeKeys(t *testing.T) {
	text, err := os.ReadFile(wasmReadme)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("../../wasm/js")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README.md"), text, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "keys.mjs"), []byte(keysScript), 0o600))
	require.Equal(t, "21 operations, 25 keys\n", node(t, dir, filepath.Join(dir, "keys.mjs")))
}

const keysScript = `
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { encode, OP } from './question.mjs'

const id = '0102030405060708090a0b0c0d0e0f10'
const values = {
  entity: 'e', prefix: 'e', scope: 's', kinds: [1, 2], anyOf: ['0x1'], clocks: [0, 1], since: new Date(0), until: 1n, from: 1, to: 2,
  limit: 1, reverse: true, payloads: true, id, depth: 1, direction: 1, after: 'e', row: new Uint8Array(8), format: 1, rows: 1, bytes: 1,
  wall: true, goOn: true, step: 1, buckets: 1,
}
const every = ['format', 'rows', 'bytes']
const names = (cell) => [...cell.matchAll(/` + "`([A-Za-z.]+)`" + `/g)].map((m) => m[1])
const rows = fs.readFileSync('README.md', 'utf8').split('\n').filter((l) => l.startsWith('| ` + "`" + `')).map((l) => l.split('|'))
const described = rows.filter((r) => !r[1].includes('OP.')).flatMap((r) => names(r[1]))
assert.deepEqual(described.toSorted(), Object.keys(values).toSorted())
const seen = new Set(), keysOf = {}
for (const [, operations, keys] of rows.filter((r) => r[1].includes('OP.'))) {
  for (const name of names(operations)) {
    keysOf[name] = names(keys).flatMap((key) => keysOf[key] ?? [key]) // those of another operation
    const op = OP[name.slice(3)], own = [...keysOf[name], ...every]
    seen.add(op)
    const needed = Object.fromEntries(['entity', 'id', 'row'].filter((k) => own.includes(k)).map((k) => [k, values[k]]))
    for (const key in values) {
      const others = { ...needed }
      if (op === OP.frame) delete others[key === 'row' ? 'id' : 'row'] // wants one of them
      const ask = () => encode({ op, ...others, [key]: values[key] })
      if (own.includes(key)) ask()
      else assert.throws(ask, /unknown key/, name + ' ' + key)
    }
  }
}
assert.deepEqual([...seen, OP.open].toSorted((a, b) => a - b), Object.values(OP).toSorted((a, b) => a - b))
console.log(seen.size + ' operations, ' + described.length + ' keys')
`
