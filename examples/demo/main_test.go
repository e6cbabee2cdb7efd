package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/examples/internal/readme"
)

// times matches the last column.
var times = regexp.MustCompile(` +[0-9.]+(ns|µs|ms|s|m[0-9.]+s)\n`)

// TestDemo compares the output of the demo, except times, with the README, and checks that
// it leaves no files.
func TestDemo(t *testing.T) {
	scratch := t.TempDir()
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} { // Unix and Windows
		t.Setenv(name, scratch)
	}
	var out strings.Builder
	require.NoError(t, demo(t.Context(), &out, "../../core/internal/fixture/testdata"))
	shown, err := readme.Blocks("README.md", "text")
	require.NoError(t, err)
	require.Len(t, shown, 1)
	require.Equal(t, times.ReplaceAllString(shown[0], "\n"), times.ReplaceAllString(out.String(), "\n"))
	left, err := os.ReadDir(scratch)
	require.NoError(t, err)
	require.Empty(t, left)
}
