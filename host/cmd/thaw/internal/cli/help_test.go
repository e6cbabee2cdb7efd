package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryCommandHasAnExample(t *testing.T) {
	root := (&app{env: Env{Stdout: io.Discard, Stderr: io.Discard}}).root()
	for _, c := range append(root.Commands(), root) {
		if c.Name() == "help" {
			continue
		}
		require.NotEmpty(t, c.Example, c.Name())
		require.Contains(t, c.Example, "thaw", c.Name())
		got := run(nil, strings.Fields(strings.TrimPrefix(c.CommandPath(), "thaw")+" --help")...)
		require.Zero(t, got.code)
		require.Contains(t, got.stdout, "Examples:")
		require.Contains(t, got.stdout, "Exit codes:")
		require.Empty(t, got.stderr)
		for line := range strings.Lines(got.stdout) {
			require.LessOrEqual(t, len([]rune(line)), 100, line)
		}
	}
}

func TestHelpNamesKinds(t *testing.T) {
	q := (&app{}).query()
	words := strings.FieldsFunc(q.Long, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '.' })
	for _, n := range kindNames {
		require.Contains(t, words, n.name)
		var k kinds
		require.NoError(t, k.Set(strings.ToLower(n.name)))
		require.True(t, k.set.Has(n.kind))
	}
}

func TestVersionText(t *testing.T) {
	require.Contains(t, versionText(nil, false), "thaw go1.")
}
