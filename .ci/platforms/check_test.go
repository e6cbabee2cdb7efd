package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// module writes a module with a package of one file for Windows, and its tests.
func module(t *testing.T, windows, inside, outside string) (dir string) {
	dir = t.TempDir()
	for name, text := range map[string]string{
		"go.mod":         "module m\n\ngo 1.26\n",
		"p.go":           "package p\n\nimport \"strings\"\n\nfunc Upper(s string) string { return strings.ToUpper(s) }\n",
		"p_windows.go":   "package p\n" + windows,
		"p_test.go":      "package p\n\nvar Tested = Upper(\"a\")\n" + inside,
		"outer_test.go":  "package p_test\n\nimport \"m\"\n\nvar _ = p.Tested\n" + outside,
		"q/q.go":         "package q\n\nimport \"m\"\n\nvar Q = p.Upper(\"b\")\n",
		"q/more_test.go": "package q\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), fs.FileMode(0o600)))
	}
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOWORK", "off")
	return dir
}

func TestSound(t *testing.T) {
	dir := module(t, "func f() string { return Upper(\"c\") }\n", "", "")
	for _, system := range []string{"windows/amd64", "linux/386", "wasip1/wasm"} {
		n, err := check(dir, system, []string{"./..."})
		require.NoError(t, err, system)
		require.Equal(t, 5, n, "p, q, and three with tests") // q only has tests inside the package
	}
}

func TestMistakes(t *testing.T) {
	const body = "func f() { return 1 }\n"
	for _, c := range []struct {
		name, system, windows, inside, outside, want string
	}{
		{"in a file for the system", "windows/amd64", body, "", "", "too many return values"},
		{"in a test inside", "linux/386", "", body, "", "too many return values"},
		{"in a test outside", "js/wasm", "", "", body, "too many return values"},
		{"of the system", "linux/386", "", "var n int = 1 << 40\n", "", "overflow"},
		{"of a file that does not parse", "windows/amd64", "func", "", "", "expected"},
		{"of an import", "windows/amd64", "import _ \"m/none\"\n", "", "", "m/none"},
		{"of no such system", "windows/none", "", "", "", "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := module(t, c.windows, c.inside, c.outside)
			require.ErrorContains(t, all(dir, []string{c.system}, []string{"./..."}), c.want)
			if c.system != "windows/amd64" || c.windows == "" {
				return
			}
			require.NoError(t, all(dir, []string{"linux/amd64"}, []string{"./..."}))
		})
	}
}

func TestNoPackages(t *testing.T) {
	_, err := check(t.TempDir(), "linux/amd64", []string{"./..."})
	require.Error(t, err)
}
