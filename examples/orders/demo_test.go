package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/examples/internal/readme"
)

// changing matches what differs from run to run: ids, times, offsets and durations.
var changing = regexp.MustCompile(`[0-9a-f]{32}|TimeUS"?:[0-9]+|"Position":{[^}]*}|[0-9.]+(ns|µs|ms|s)\n`)

// TestDemo compares the output of the demo with the README, and checks that it leaves no
// files.
func TestDemo(t *testing.T) {
	scratch := t.TempDir()
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} { // Unix and Windows
		t.Setenv(name, scratch)
	}
	var out strings.Builder
	demo(t.Context(), &out)
	shown, err := readme.Blocks("README.md", "text")
	require.NoError(t, err)
	require.Len(t, shown, 1)
	require.Equal(t, changing.ReplaceAllString(shown[0], "*"), changing.ReplaceAllString(out.String(), "*"))
	left, err := os.ReadDir(scratch)
	require.NoError(t, err)
	require.Empty(t, left)
}
