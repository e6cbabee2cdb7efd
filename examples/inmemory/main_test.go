package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/examples/internal/readme"
)

// TestInMemory compares the output with the README.
func TestInMemory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out))
	shown, err := readme.Blocks("README.md", "text")
	require.NoError(t, err)
	require.Equal(t, shown, []string{out.String()})
}
