package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// ErrNoCargo is returned by Peer when cargo is not on PATH. Tests skip then.
var ErrNoCargo = errors.New("interop: cargo is not on PATH, so batpak-peer cannot be built")

// Program is the built peer. Its methods may be called concurrently, for
// different stores: batpak takes no lock.
type Program struct {
	path string
}

var built struct {
	sync.Mutex
	program *Program
}

// Peer builds the peer, once per process, and returns it. Cargo itself guards
// against a second process that builds at the same time. The registry's copy on
// disk is tried first; only without it does cargo go to the network.
//
// The crate is found beside this file, so a binary built with -trimpath cannot
// find it.
func Peer(ctx context.Context) (*Program, error) {
	built.Lock()
	defer built.Unlock()
	if built.program != nil {
		return built.program, nil
	}
	cargo, err := exec.LookPath("cargo")
	if err != nil {
		return nil, ErrNoCargo
	}
	_, here, _, _ := runtime.Caller(0)
	crate := filepath.Join(filepath.Dir(here), "batpak")
	args := []string{"build", "--release", "--locked", "--quiet"}
	if _, err = run(ctx, crate, cargo, append(args, "--offline")...); err != nil && ctx.Err() == nil {
		_, err = run(ctx, crate, cargo, args...)
	}
	if err != nil {
		return nil, err
	}
	target := os.Getenv("CARGO_TARGET_DIR")
	if target == "" {
		target = "target"
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(crate, target)
	}
	name := "batpak-peer"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	built.program = &Program{path: filepath.Join(target, "release", name)}
	return built.program, nil
}

// Path is the executable, for tests that start and kill it themselves.
func (p *Program) Path() string { return p.path }

// run returns a command's standard output; its standard error becomes the error.
func run(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stderr = dir, &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("interop: %s: %w: %s", filepath.Base(name), err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}
