// Command inspector builds the inspector: a page of one file that opens a store in the
// browser, and scratch.js beside it. make inspector runs it from .ci/tools, so that
// importing thaw does not download esbuild.
//
// It fetches the page's few libraries with npm ci from package-lock.json, compiles the Go
// modules for GOOS=js, bundles the JavaScript, and puts everything inline, with a content
// security policy that names each script and style by its hash. It prints the sizes and
// fails if they exceed the budget.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", filepath.Join("..", ".."), "the root of the repository")
	out := flag.String("out", "", "the folder to write to; bin/inspector of the root without it")
	readable := flag.Bool("readable", false, "do not minify, and do not hold the budget")
	flag.Parse()
	if *out == "" {
		*out = filepath.Join(*root, "bin", "inspector")
	}
	if err := run(*root, *out, *readable); err != nil {
		fmt.Fprintln(os.Stderr, "inspector:", err)
		os.Exit(1)
	}
}

func run(root, out string, readable bool) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	s := source{root: root, page: filepath.Join(root, "wasm", "browser", "page"), readable: readable}
	if err := s.fetch(); err != nil {
		return err
	}
	p, err := s.parts()
	if err != nil {
		return err
	}
	page, err := p.assemble()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "inspector.html"), page, 0o644); err != nil {
		return err
	}
	scratch := scratchScript(p.scratch)
	if err := os.WriteFile(filepath.Join(out, "scratch.js"), scratch, 0o644); err != nil {
		return err
	}
	sizes, err := measure(p, page, scratch)
	if err != nil {
		return err
	}
	fmt.Print(sizes)
	if readable {
		return nil
	}
	return sizes.check()
}
