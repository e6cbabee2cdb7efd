// Package page has the inspector's page, in JavaScript, and the test that runs the tests of
// what needs no browser: addresses, geometry, decoding.
package page

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/wasm/internal/nodetest"
)

// scripts lists the modules of the page, and reads them, so that go test does not reuse a
// cached result after a change.
func scripts(t *testing.T) []string {
	var all []string
	for _, dir := range []string{"src", "../../js"} {
		require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".mjs") {
				_, err = os.ReadFile(path)
				all = append(all, path)
			}
			return err
		}))
	}
	return all
}

// TestModules runs every *.test.mjs of the page. They import no library, so that they need
// Node alone.
func TestModules(t *testing.T) {
	node := nodetest.Path(t, "the page's JavaScript")
	args := []string{"--test", "--test-reporter=tap"}
	files := 0
	for _, path := range scripts(t) {
		if strings.HasSuffix(path, ".test.mjs") {
			args = append(args, path)
			files++
		}
	}
	require.Greater(t, files, 8)
	out, err := exec.Command(node, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	ran := regexp.MustCompile(`(?m)^# tests (\d+)$`).FindSubmatch(out)
	require.NotNil(t, ran, "%s", out)
	n, err := strconv.Atoi(string(ran[1]))
	require.NoError(t, err)
	require.GreaterOrEqual(t, n, 2*files, "fewer tests than there should be: %s", out)
}

// libraries are the modules that may be bundled besides the page's own.
var libraries = regexp.MustCompile(`^(\.{1,2}/.*|htm|preact|preact/hooks|client-zip|go:wasm_exec\.js|node:.*)$`)

// TestNoHTML checks that no module makes HTML of text: what a store holds reaches the page as
// text nodes only. And that nothing is imported that package.json does not name.
func TestNoHTML(t *testing.T) {
	makes := regexp.MustCompile(`\.(innerHTML|outerHTML|insertAdjacentHTML|srcdoc)\b|dangerouslySetInnerHTML|document\.write|\beval\(|new Function\(`)
	imports := regexp.MustCompile(`(?m)^(?:import|export)\s(?:[^'"\n]*\sfrom\s)?['"]([^'"]+)['"]$`)
	seen := 0
	for _, path := range scripts(t) {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Nil(t, makes.Find(b), "%s makes HTML or code of a text", path)
		for _, m := range imports.FindAllSubmatch(b, -1) {
			require.Regexp(t, libraries, string(m[1]), path)
			seen++
		}
	}
	require.Greater(t, seen, 50)
	require.Regexp(t, makes, "e.innerHTML = s")
}
