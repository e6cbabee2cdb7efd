// Command inspector builds the inspector: a page of one file that opens a store in the
// browser, and scratch.js beside it. make inspector runs it from .ci/tools, so that
// importing thaw does not download esbuild.
//
// It fetches the page's few libraries with npm ci from package-lock.json, compiles the Go
// modules for GOOS=js, bundles the JavaScript, and puts everything inline, with a content
// security policy that names each script and style by its hash. It prints the sizes and
// fails if they exceed the budget. What is there already is not built again.
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
	embed := flag.String("embed", "", "also write the files, compressed, to this folder, from which the go command embeds them")
	fetch := flag.Bool("fetch", false, "only fetch the libraries")
	readable := flag.Bool("readable", false, "do not minify, and do not hold the budget")
	flag.Parse()
	if *out == "" {
		*out = filepath.Join(*root, "bin", "inspector")
	}
	if err := run(*root, *out, *embed, *fetch, *readable); err != nil {
		fmt.Fprintln(os.Stderr, "inspector:", err)
		os.Exit(1)
	}
}

func run(root, out, embed string, fetch, readable bool) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	s := source{root: root, page: filepath.Join(root, "wasm", "browser", "page"), readable: readable}
	if err := s.fetch(); err != nil || fetch {
		return err
	}
	if err := s.build(out); err != nil || embed == "" {
		return err
	}
	for _, name := range outputs {
		b, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			return err
		}
		if b, err = compress(b); err != nil {
			return err
		}
		if err := replace(filepath.Join(embed, name+".gz"), b); err != nil {
			return err
		}
	}
	return nil
}

// build builds the inspector into a folder, unless it is there, and prints the sizes.
func (s source) build(out string) error {
	stamp, err := s.stamp()
	if err != nil {
		return err
	}
	if sizes, ok := s.fresh(stamp, out); ok && !s.readable {
		fmt.Print(sizes)
		return nil
	}
	p, err := s.parts()
	if err != nil {
		return err
	}
	page, err := p.assemble()
	if err != nil {
		return err
	}
	scratch := scratchScript(p.scratch)
	for i, b := range [][]byte{page, scratch} {
		if err := replace(filepath.Join(out, outputs[i]), b); err != nil {
			return err
		}
	}
	sizes, err := measure(p, page, scratch)
	if err != nil {
		return err
	}
	fmt.Print(sizes)
	if s.readable {
		return nil
	}
	if err := sizes.check(); err != nil {
		return err
	}
	return s.built(stamp, out, sizes.String())
}
