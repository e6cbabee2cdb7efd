package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDemo compares what the demo prints, apart from times, with the README.
func TestDemo(t *testing.T) {
	var out strings.Builder
	require.NoError(t, demo(t.Context(), &out, "../../core/internal/fixture/testdata"))
	times := regexp.MustCompile(`in [0-9.]+(ns|µs|ms|s)\n`)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	require.Contains(t, times.ReplaceAllString(string(readme), "in T\n"), times.ReplaceAllString(out.String(), "in T\n"))
}
