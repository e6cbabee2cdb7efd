package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFresh checks that a page is built again whenever its source, or what was built, is not
// what it was, and for nothing else.
func TestFresh(t *testing.T) {
	root, out := t.TempDir(), t.TempDir()
	write := func(path, text string) {
		t.Helper()
		if err := replace(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range from {
		write(filepath.Join(root, dir, "x.go"), "package x") // go.mod too: a folder does as well
	}
	for _, name := range outputs {
		write(filepath.Join(out, name), name)
	}
	s := source{root: root}
	stamp := func() string {
		t.Helper()
		text, err := s.stamp()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	fresh := func(want bool, why string) {
		t.Helper()
		sizes, ok := s.fresh(stamp(), out)
		if ok != want || ok && sizes != "sizes\n" {
			t.Errorf("%s: %v, %q", why, ok, sizes)
		}
	}
	fresh(false, "never built")
	if err := s.built(stamp(), out, "sizes\n"); err != nil {
		t.Fatal(err)
	}
	fresh(true, "built")
	for _, path := range []string{"core/x_test.go", "wasm/README.md", "host/cmd/y.go", "wasm/browser/page/node_modules/z.js", "wasm/browser/chrometest/z.go", "docs/x"} {
		write(filepath.Join(root, path), "other")
		fresh(true, path)
	}
	for _, path := range []string{"core/x.go", "wasm/browser/page/style/base.css", "wasm/browser/page/package-lock.json", ".ci/tools/inspector/main.go"} {
		write(filepath.Join(root, path), "other")
		fresh(false, path)
		if err := s.built(stamp(), out, "sizes\n"); err != nil {
			t.Fatal(err)
		}
		fresh(true, path+" built")
	}
	write(filepath.Join(out, "scratch.js"), "changed")
	fresh(false, "a changed result")
	if err := os.Remove(filepath.Join(out, "scratch.js")); err != nil {
		t.Fatal(err)
	}
	fresh(false, "a missing result")
}
