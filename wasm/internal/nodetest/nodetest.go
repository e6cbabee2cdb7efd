// Package nodetest runs scripts of Node for tests.
package nodetest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// Path returns the path of Node, or skips the test, for which it gives what is not tested. It
// reads the scripts of directories, so that go test does not reuse a cached result after a
// change.
func Path(t testing.TB, what string, dirs ...string) string {
	node, err := exec.LookPath("node")
	if err == nil {
		err = exec.Command(node, "--version").Run()
	}
	if err != nil {
		t.Skip(what+" is not tested: node is not installed, or does not run: ", err)
	}
	for _, dir := range dirs {
		scripts, err := filepath.Glob(filepath.Join(dir, "*.mjs"))
		require.NoError(t, err)
		require.NotEmpty(t, scripts, dir)
		for _, script := range scripts {
			_, err := os.ReadFile(script)
			require.NoError(t, err)
		}
	}
	return node
}

// WasmExec returns the path of wasm_exec.js, which comes with the go command.
func WasmExec(t testing.TB) string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	path := filepath.Join(string(bytes.TrimSpace(out)), "lib", "wasm", "wasm_exec.js")
	_, err = os.Stat(path)
	require.NoError(t, err)
	return path
}

// flags are those of every Node process. With a mutant of .ci/mutants, Node reads one script
// from elsewhere.
func flags(t testing.TB) []string {
	if os.Getenv("THAW_SCRIPT") == "" {
		return []string{"--no-warnings"}
	}
	_, here, _, ok := runtime.Caller(0)
	require.True(t, ok)
	return []string{"--no-warnings", "--import", filepath.Join(filepath.Dir(here), "mutant.mjs")}
}

// Process is a Node process that answers a line of JSON with a line of JSON.
type Process struct {
	in    io.Writer
	lines *bufio.Reader
}

// Start starts a script, which ends with the test.
func Start(t testing.TB, node string, args ...string) *Process {
	cmd := exec.Command(node, append(flags(t), args...)...)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, in.Close())
		require.NoError(t, cmd.Wait())
	})
	return &Process{in: in, lines: bufio.NewReaderSize(out, 1<<20)}
}

// Ask sends a question and decodes the answer.
func (p *Process) Ask(t require.TestingT, question, answer any, what string) {
	require.NoError(t, json.NewEncoder(p.in).Encode(question))
	line, err := p.lines.ReadBytes('\n')
	require.NoError(t, err, what)
	require.NoError(t, json.Unmarshal(line, answer))
}

// Cases runs a script that prints a line {"name", "error"} for each of its cases, and makes
// each of them a test. It returns their number. files bounds the descriptors of the process,
// "" for no bound.
func Cases(t *testing.T, files, node string, args ...string) (ran int) {
	args = append(append([]string{node}, flags(t)...), args...)
	if files != "" && runtime.GOOS != "windows" {
		args = append([]string{"sh", "-c", `ulimit -n ` + files + `; exec "$@"`, "sh"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, string(out)+stderr.String())
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); ran++ {
		var c struct {
			Name  string
			Error *string
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &c))
		t.Run(c.Name, func(t *testing.T) {
			if c.Error != nil {
				t.Error(*c.Error)
			}
		})
	}
	return ran
}
