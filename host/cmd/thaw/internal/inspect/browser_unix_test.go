//go:build unix

package inspect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBrowserApart: the browser has a process group of its own, so that Ctrl-C does not reach it.
func TestBrowserApart(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	for _, name := range []string{"xdg-open", "open"} {
		script := "#!/bin/sh\nps -o pgid= -p $$ >'" + out + "'\necho $$ \"$1\" >>'" + out + "'\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o777))
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	require.NoError(t, Browse(t.Context(), "http://127.0.0.1/"))
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	words := strings.Fields(string(b))
	require.Len(t, words, 3)
	require.Equal(t, words[1], words[0], "it leads its process group")
	require.Equal(t, "http://127.0.0.1/", words[2])
}
