package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A page takes most of a minute, and make build, make demo and the tests each want one. So a
// build leaves a stamp: of what it was made from, and of what it wrote.

// from is what a page is made from.
var from = []string{"go.mod", "go.sum", "core", "host", "fsabstraction", "wasm", filepath.Join(".ci", "tools")}

// beside is what lies among that and has no part in a page: node_modules has what
// package-lock.json says, and the command under cmd embeds the page.
var beside = []string{"node_modules", "chrometest", "testdata", "cmd"}

// stamp returns a hash of all that the page is made from: the source, the compiler and its
// flags.
func (s source) stamp() (string, error) {
	version, err := s.command("go", s.root, nil, nil, "version")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s%q %q\n", version, os.Getenv("THAW_INSPECTOR_GOFLAGS"), os.Getenv("GOFLAGS"))
	for _, name := range from {
		err := filepath.WalkDir(filepath.Join(s.root, name), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && slices.Contains(beside, d.Name()):
				return filepath.SkipDir
			case !d.Type().IsRegular(), strings.HasSuffix(path, "_test.go"), strings.HasSuffix(path, ".md"), strings.HasSuffix(path, ".test.mjs"):
				return nil
			}
			b, err := os.ReadFile(path)
			fmt.Fprintf(sum, "%s %x\n", path, sha256.Sum256(b))
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// outputs are the files of a built inspector.
var outputs = []string{"inspector.html", "scratch.js"}

// written returns a hash of the files in a folder, with their names.
func written(out string) (string, error) {
	sum := sha256.New()
	for _, name := range outputs {
		b, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %x\n", name, sha256.Sum256(b))
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// note is where the stamp of the last build is.
func (s source) note() string { return filepath.Join(s.root, ".cache", "inspector", "built") }

// fresh reports whether a folder has what this source gives, and the sizes that its build
// printed.
func (s source) fresh(stamp, out string) (sizes string, ok bool) {
	b, err := os.ReadFile(s.note())
	if err != nil {
		return "", false
	}
	have, err := written(out)
	if err != nil {
		return "", false
	}
	rest, ok := bytes.CutPrefix(b, []byte(stamp+" "+have+"\n"))
	return string(rest), ok
}

// built leaves the stamp of a build.
func (s source) built(stamp, out, sizes string) error {
	have, err := written(out)
	if err != nil {
		return err
	}
	return replace(s.note(), []byte(stamp+" "+have+"\n"+sizes))
}

// replace writes a file that others may be reading.
func replace(name string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
