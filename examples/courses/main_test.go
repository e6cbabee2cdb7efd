package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/examples/internal/readme"
)

// TestCourses compares the output with the README.
func TestCourses(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, filepath.Join(t.TempDir(), "school")))
	shown, err := readme.Blocks("README.md", "text")
	require.NoError(t, err)
	require.Equal(t, shown, []string{out.String()})
}
