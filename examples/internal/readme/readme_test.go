package readme_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/examples/internal/readme"
)

const top = "../../../README.md"

// Every Go block in the top README is a complete program. They run one after the other in
// one directory, which is empty at first; a program that waits for an interrupt gets it
// after its first line.
func TestProgramsOfTheReadme(t *testing.T) {
	programs, err := readme.Blocks(top, "go")
	require.NoError(t, err)
	require.NotEmpty(t, programs)
	dir := t.TempDir()
	for _, program := range programs {
		work := t.TempDir()
		source, binary := filepath.Join(work, "main.go"), filepath.Join(work, "program.exe")
		require.NoError(t, os.WriteFile(source, []byte(program), 0o600))
		out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, source).CombinedOutput()
		require.NoError(t, err, "%s", out)
		run := exec.CommandContext(t.Context(), binary)
		run.Dir, run.Stderr = dir, os.Stderr
		stdout, err := run.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, run.Start())
		lines := bufio.NewScanner(stdout)
		require.True(t, lines.Scan(), "no output")
		if strings.Contains(program, "os.Interrupt") {
			if run.Process.Signal(os.Interrupt) != nil { // this system has no interrupts
				require.NoError(t, run.Process.Kill())
				_ = run.Wait()
				continue
			}
		}
		for lines.Scan() {
		}
		require.NoError(t, run.Wait())
	}
}

func TestBlocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(path, []byte("a\n```go\nb\n```\n```\nc\n```\n```text\nd\n\ne\n```\n```go\n```\n"), 0o600))
	for language, want := range map[string][]string{"go": {"b\n", ""}, "text": {"d\n\ne\n"}, "": {"c\n"}, "sh": nil} {
		got, err := readme.Blocks(path, language)
		require.NoError(t, err)
		require.Equal(t, want, got, language)
	}
}
