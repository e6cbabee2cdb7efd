package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// listed is a package as go list describes it.
type listed struct {
	ImportPath string // "p", or "p [q.test]" where it is compiled for the tests of q
	Dir        string
	GoFiles    []string
	ImportMap  map[string]string // imports whose path here is another one
	DepOnly    bool              // neither named on the command line nor a test of such a package
	Module     *struct{ GoVersion string }
	Error      *struct{ Err string }
}

// check type-checks packages for one system and returns how many there were.
func check(dir, system string, patterns []string) (n int, err error) {
	goos, goarch, ok := strings.Cut(system, "/")
	if !ok {
		return 0, errors.New("wanted: GOOS/GOARCH")
	}
	packages, err := list(dir, goos, goarch, patterns)
	if err != nil {
		return 0, err
	}
	c := &checker{
		fset:  token.NewFileSet(),
		sizes: types.SizesFor("gc", goarch),
		done:  map[string]*types.Package{"unsafe": types.Unsafe},
	}
	if c.sizes == nil {
		return 0, errors.New("unknown architecture")
	}
	for _, p := range packages {
		if strings.HasSuffix(p.ImportPath, ".test") { // the main package that go test writes
			continue
		}
		if p.Error != nil {
			return n, errors.New(p.Error.Err)
		}
		if err := c.check(p); err != nil {
			return n, err
		}
		if !p.DepOnly {
			n++
		}
	}
	if n == 0 {
		return 0, errors.New("no packages")
	}
	return n, nil
}

// list returns packages, their tests and everything they import, each after its
// own imports.
func list(dir, goos, goarch string, patterns []string) (packages []*listed, err error) {
	cmd := exec.Command("go", append([]string{"list", "-e", "-deps", "-test",
		"-json=ImportPath,Dir,GoFiles,ImportMap,DepOnly,Module,Error", "--"}, patterns...)...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for d := json.NewDecoder(out); ; {
		p := &listed{}
		if err := d.Decode(p); err == io.EOF {
			break
		} else if err != nil {
			return nil, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
		}
		packages = append(packages, p)
	}
	return packages, cmd.Wait()
}

// checker holds the packages of one system.
type checker struct {
	fset  *token.FileSet
	sizes types.Sizes
	done  map[string]*types.Package
}

func (c *checker) check(p *listed) error {
	if p.ImportPath == "unsafe" {
		return nil
	}
	var files []*ast.File
	for _, name := range p.GoFiles {
		if !filepath.IsAbs(name) {
			name = filepath.Join(p.Dir, name)
		}
		f, err := parser.ParseFile(c.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	var errs []error
	config := types.Config{
		IgnoreFuncBodies: p.DepOnly,
		Importer:         &importer{c, p.ImportMap},
		Sizes:            c.sizes,
		Error:            func(err error) { errs = append(errs, err) },
	}
	if p.Module != nil && p.Module.GoVersion != "" {
		config.GoVersion = "go" + p.Module.GoVersion
	}
	path, _, _ := strings.Cut(p.ImportPath, " ")
	checked, err := config.Check(path, c.fset, files, nil)
	if err != nil {
		return errors.Join(errs...)
	}
	c.done[p.ImportPath] = checked
	return nil
}

// importer finds the imports of one package among those that were checked before it.
type importer struct {
	*checker
	paths map[string]string
}

func (i *importer) Import(path string) (*types.Package, error) {
	if other, ok := i.paths[path]; ok {
		path = other
	}
	if p := i.done[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%s was not listed", path)
}
