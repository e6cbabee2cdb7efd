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

// Why Peer has nothing to build with. Tests skip then, and say why; a crate that is
// there and does not compile is another error.
var (
	ErrNoCargo = errors.New("cargo is not installed, or does not run")
	ErrNoCrate = errors.New("cargo cannot fetch the crate batpak from its registry")
)

// Program is the built peer. Its methods may be called concurrently, for
// different stores: batpak takes no lock.
type Program struct {
	path string
}

var built struct {
	sync.Mutex
	program *Program
	missing error // ErrNoCargo or ErrNoCrate
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
	if built.program != nil || built.missing != nil {
		return built.program, built.missing
	}
	_, here, _, _ := runtime.Caller(0)
	crate := filepath.Join(filepath.Dir(here), "batpak")
	if err := build(ctx, crate); err != nil {
		if ctx.Err() == nil && (errors.Is(err, ErrNoCargo) || errors.Is(err, ErrNoCrate)) {
			built.missing = err // a registry that is away is not waited for again
		}
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

// build builds a crate with cargo.
func build(ctx context.Context, crate string) error {
	cargo, err := exec.LookPath("cargo")
	if err == nil {
		_, err = run(ctx, crate, cargo, "--version") // rustup's cargo may have no toolchain
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoCargo, err)
	}
	offline := []string{"build", "--release", "--locked", "--quiet", "--offline"}
	if _, err := run(ctx, crate, cargo, offline...); err == nil || ctx.Err() != nil {
		return err
	}
	if _, err := run(ctx, crate, cargo, "fetch", "--locked", "--quiet"); err != nil {
		if ctx.Err() != nil || strings.Contains(err.Error(), "--locked") { // Cargo.lock is not that of Cargo.toml
			return err
		}
		if _, broken := run(ctx, crate, cargo, "metadata", "--no-deps", "--offline", "--format-version", "1"); broken != nil {
			return broken // Cargo.toml is wrong
		}
		return fmt.Errorf("%w: %w", ErrNoCrate, err)
	}
	_, err = run(ctx, crate, cargo, offline...)
	return err
}

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
