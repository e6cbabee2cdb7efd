package readme_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNamedTestsExist: each test, fuzz target and Go file that a page names is there.
// Tables of measurements are left out: they describe what ran then.
func TestNamedTestsExist(t *testing.T) {
	root := filepath.Dir(top)
	pages, files := map[string]string{}, map[string]bool{}
	var tests strings.Builder
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && (d.Name() == ".git" || d.Name() == ".cache" || d.Name() == "bin" || d.Name() == "target" || d.Name() == "results") {
				return fs.SkipDir
			}
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(rel)] = true
		isPage, isTest := strings.HasSuffix(path, ".md"), strings.HasSuffix(path, "_test.go")
		if !isPage && !isTest || strings.Contains(path, "testdata") {
			return nil
		}
		b, err := os.ReadFile(path)
		if isPage {
			pages[path] = string(b)
		} else {
			tests.Write(b)
		}
		return err
	}))
	require.NotEmpty(t, pages)
	names := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+\b`)
	paths := regexp.MustCompile("`((?:core|host|wasm|fsabstraction|examples)/[\\w/.-]+\\.go)`")
	for page, text := range pages {
		for _, name := range names.FindAllString(text, -1) {
			require.Contains(t, tests.String(), "func "+name+"(", "%s names it", page)
		}
		for _, m := range paths.FindAllStringSubmatch(text, -1) {
			require.True(t, files[m[1]], "%s names %s", page, m[1])
		}
	}
}
