package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// source is the tree that the page is built from.
type source struct {
	root     string // of the repository
	page     string // wasm/browser/page
	readable bool
}

// parts are what the page consists of.
type parts struct {
	html    []byte // index.html, with places for the others
	style   []byte
	script  []byte
	worker  []byte // the part of script that the page starts as the engine's worker
	engine  []byte // the Go module, packed and compressed
	sample  []byte // the sample store, packed and compressed
	scratch []byte // the Go module of the scratch store, packed and compressed
	// licenses are those of the libraries and of Go, whose code the page carries.
	licenses string
}

// fetch runs npm ci, unless node_modules holds what the lock file says already.
func (s source) fetch() error {
	lock, err := os.ReadFile(filepath.Join(s.page, "package-lock.json"))
	if err != nil {
		return err
	}
	mark := filepath.Join(s.page, "node_modules", ".thaw-lock")
	if have, err := os.ReadFile(mark); err == nil && bytes.Equal(have, lock) {
		return nil
	}
	if _, err := s.command("npm", s.page, nil, nil, "ci", "--ignore-scripts", "--no-audit", "--no-fund"); err != nil {
		return fmt.Errorf("npm cannot fetch the page's libraries: %w", err)
	}
	return os.WriteFile(mark, lock, 0o644)
}

func (s source) parts() (parts, error) {
	var p parts
	var err error
	if p.html, err = os.ReadFile(filepath.Join(s.page, "index.html")); err != nil {
		return p, err
	}
	if p.style, err = s.style(); err != nil {
		return p, err
	}
	if p.script, err = s.script("main.mjs"); err != nil {
		return p, err
	}
	if p.worker, err = s.script("worker.mjs"); err != nil {
		return p, err
	}
	if p.engine, err = s.module("engine"); err != nil {
		return p, err
	}
	if p.scratch, err = s.module("scratch"); err != nil {
		return p, err
	}
	if p.licenses, err = s.licenses(); err != nil {
		return p, err
	}
	p.sample, err = s.sample()
	return p, err
}

// goRoot returns the directory of the Go that builds the modules.
func (s source) goRoot() (string, error) {
	root, err := s.command("go", s.root, nil, nil, "env", "GOROOT")
	return strings.TrimSpace(string(root)), err
}

// licenses returns the texts of the licenses of the code that is not thaw's.
func (s source) licenses() (string, error) {
	root, err := s.goRoot()
	if err != nil {
		return "", err
	}
	text := "This page carries code of the following. thaw itself is under the Apache License 2.0.\n"
	for _, of := range []struct{ name, file string }{
		{"preact", filepath.Join(s.page, "node_modules", "preact", "LICENSE")},
		{"client-zip", filepath.Join(s.page, "node_modules", "client-zip", "LICENSE.txt")},
		{"Go", filepath.Join(root, "LICENSE")},
		{"htm", filepath.Join(s.page, "node_modules", "htm", "LICENSE")},
	} {
		b, err := os.ReadFile(of.file)
		if err != nil {
			return "", err
		}
		text += "\n" + of.name + "\n\n" + string(b)
	}
	return text, nil
}

// script returns the bundle of a module of src/app.
func (s source) script(name string) ([]byte, error) {
	b, err := s.bundle(filepath.Join(s.page, "src", "app", name))
	if err != nil || s.readable {
		return b, err
	}
	return s.through("minify.mjs", b)
}

// small are packages of which calls are not inlined, since no question spends its time there: that
// saves 23 kB of the compressed engine.
var small = []string{"checkpoint", "damage", "dissect", "extract", "flush", "kindnames", "lines", "verify"}

// module compiles a package of wasm/browser for the browser, and compresses it. The flags are
// those of thaw.wasm, but for inlining: the same source and compiler give the same bytes.
func (s source) module(name string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "thaw-inspector-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, name+".wasm")
	env := []string{"GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=" + os.Getenv("THAW_INSPECTOR_GOFLAGS"), "GOWASM="}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="}
	for _, p := range small {
		args = append(args, "-gcflags=github.com/thawlog/thaw/core/"+p+"=-l")
	}
	if name == "engine" { // the same questions as the plugin's: see wasm/guest
		args = append(args, "-pgo="+filepath.Join(s.root, "wasm", "guest", "default.pgo"))
	}
	_, err = s.command("go", s.root, env, nil, append(args, "-o", file, "./wasm/browser/"+name)...)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return s.squeeze(packRepeats(b, leastOfCode))
}

// squeeze compresses as well as gzip can, which takes some ten seconds for a module.
func (s source) squeeze(b []byte) ([]byte, error) {
	if s.readable {
		return compress(b)
	}
	return s.through("zopfli.mjs", b)
}

// through runs a script of the page's folder with bytes as its input, and keeps the result for
// the next build.
func (s source) through(script string, b []byte) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(s.page, script))
	if err != nil {
		return nil, err
	}
	lock, err := os.ReadFile(filepath.Join(s.page, "package-lock.json"))
	if err != nil {
		return nil, err
	}
	kept := filepath.Join(s.root, ".cache", "inspector", fmt.Sprintf("%x", sha256.Sum256(slices.Concat(lock, text, b))))
	if out, err := os.ReadFile(kept); err == nil {
		return out, nil
	}
	out, err := s.command("node", s.page, nil, bytes.NewReader(b), script)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		return nil, err
	}
	return out, os.WriteFile(kept, out, 0o644)
}

// sample runs the program that makes the sample store, and packs its files.
func (s source) sample() ([]byte, error) {
	dir, err := os.MkdirTemp("", "thaw-inspector-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	store := filepath.Join(dir, "sample")
	if _, err := s.command("go", s.root, nil, nil, "run", "./wasm/browser/sample", "-o", store); err != nil {
		return nil, err
	}
	b, err := packStore(store)
	if err != nil {
		return nil, err
	}
	return s.squeeze(packRepeats(b, leastOfStore))
}

// packStore returns the files of a store: a line of JSON with their names and sizes, and then
// their bytes, one after the other. They compress together, which base64 would prevent.
func packStore(dir string) ([]byte, error) {
	type file struct {
		Name string `json:"name"`
		Size int    `json:"size"`
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []file
	var data []byte
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, file{e.Name(), len(b)})
		data = append(data, b...)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no files in %s", dir)
	}
	head, err := json.Marshal(files)
	if err != nil {
		return nil, err
	}
	return slices.Concat(head, []byte{'\n'}, data), nil
}

// command runs a program in a folder and returns what it prints.
func (s source) command(name, dir string, env []string, stdin io.Reader, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Stdin = stdin
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, args[0], err, stderr.Bytes())
	}
	return out, nil
}

// styles lists the style sheets: base.css with the custom properties first.
func (s source) styles() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(s.page, "style", "*.css"))
	if err != nil {
		return nil, err
	}
	base := filepath.Join(s.page, "style", "base.css")
	at := slices.Index(files, base)
	if at < 0 {
		return nil, &fs.PathError{Op: "open", Path: base, Err: fs.ErrNotExist}
	}
	files = slices.Delete(files, at, at+1)
	return append([]string{base}, files...), nil
}
