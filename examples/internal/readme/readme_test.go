package readme_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/examples/internal/readme"
)

const top = "../../../README.md"

// Every Go block in the top README is a complete program that runs in an empty directory.
func TestProgramsOfTheReadme(t *testing.T) {
	programs, err := readme.Blocks(top, "go")
	require.NoError(t, err)
	require.NotEmpty(t, programs)
	for _, program := range programs {
		dir := t.TempDir()
		source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "program.exe")
		require.NoError(t, os.WriteFile(source, []byte(program), 0o600))
		out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, source).CombinedOutput()
		require.NoError(t, err, "%s", out)
		run := exec.CommandContext(t.Context(), binary)
		run.Dir = dir
		out, err = run.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.NotEmpty(t, out)
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
