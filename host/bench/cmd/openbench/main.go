// Command openbench compares how fast thaw and its peers open the same store, in one run.
//
//	go run ./cmd/openbench                      1,000,000 events, 5 fresh processes a peer, one table
//	go run ./cmd/openbench -n 100000 -k 11      another size, more runs
//	go run ./cmd/openbench -peers all -json     every variant, as JSON
//
// It prepares the store once in a cache directory, then starts the peers' helper processes in turn (A B C A B C …), so
// that a slow minute of the machine falls on all of them. README.md says what is measured and what is not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/thawlog/thaw/host/bench/figures"
)

type options struct {
	events  int
	runs    int
	cache   string
	peers   string
	json    bool
	cold    bool
	prepare bool

	load float64 // load average before the first run
}

func main() {
	var o options
	flag.IntVar(&o.events, "n", 1_000_000, "events in the store")
	flag.IntVar(&o.runs, "k", 5, "fresh processes per peer")
	flag.StringVar(&o.cache, "cache", "", "cache directory (default thaw-bench in the user's cache directory)")
	flag.StringVar(&o.peers, "peers", "", `peers to run, separated by commas, or "all" (default `+strings.Join(defaultPeers(), ",")+")")
	flag.BoolVar(&o.json, "json", false, "print JSON instead of the table")
	flag.BoolVar(&o.cold, "cold", false, "evict the store from the page cache before every run (Linux)")
	flag.BoolVar(&o.prepare, "prepare", false, "prepare the stores and stop")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "openbench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if flag.NArg() > 0 || o.events < 1 || o.runs < 1 {
		return fmt.Errorf("bad arguments; see -help")
	}
	chosen, err := choosePeers(o.peers)
	if err != nil {
		return err
	}
	e, err := newEnv(ctx, o)
	if err != nil {
		return err
	}
	if err := e.buildHelpers(ctx); err != nil {
		return err
	}
	if err := e.prepareStore(ctx); err != nil {
		return err
	}
	rows, err := e.preparePeers(ctx, chosen)
	if err != nil || o.prepare {
		return err
	}
	o.load = figures.LoadAverage()
	if err := e.measure(ctx, rows, o); err != nil {
		return err
	}
	report := newReport(e, rows, o)
	if o.json {
		return report.writeJSON(os.Stdout)
	}
	return report.writeTable(os.Stdout)
}

// env is where things are.
type env struct {
	module string // this module's directory
	bin    string // built Go helpers
	dir    string // cache directory of this store size
	batpak string // the Rust helper; empty without cargo
	events uint64

	getID  string // the question every peer is asked
	getN   int64
	entity string
}

func newEnv(ctx context.Context, o options) (*env, error) {
	module, err := output(ctx, "", "go", "list", "-f", "{{.Module.Dir}}", "github.com/thawlog/thaw/host/bench/result")
	if err != nil {
		return nil, fmt.Errorf("run this inside host/bench: %w", err)
	}
	cache := o.cache
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		cache = filepath.Join(user, "thaw-bench")
	}
	if cache, err = filepath.Abs(cache); err != nil {
		return nil, err
	}
	e := &env{
		module: strings.TrimSpace(module),
		bin:    filepath.Join(cache, "bin"),
		dir:    filepath.Join(cache, storeName(o.events)),
		events: uint64(o.events),
	}
	return e, errors.Join(os.MkdirAll(e.bin, 0o755), os.MkdirAll(e.dir, 0o755))
}

// buildHelpers builds the helper commands; without cargo it says so and leaves batpak out.
func (e *env) buildHelpers(ctx context.Context) error {
	if err := e.execute(ctx, e.module, "go", "build", "-o", e.bin+string(filepath.Separator), "./cmd/bbolt-open", "./cmd/sqlite-open", "./cmd/thaw-open"); err != nil {
		return err
	}
	if _, err := exec.LookPath("cargo"); err != nil {
		logf("cargo is not installed: running without batpak")
		return nil
	}
	// The crate is shared with the interop tests of the main module.
	crate := filepath.Join(e.module, "..", "interop", "batpak")
	if err := e.execute(ctx, crate, "cargo", "build", "--release", "--locked", "--quiet"); err != nil {
		logf("batpak does not build here (%v): running without it", err)
		return nil
	}
	target := filepath.Join(crate, "target")
	if dir := os.Getenv("CARGO_TARGET_DIR"); dir != "" {
		target = dir
	}
	e.batpak = filepath.Join(target, "release", "batpak-peer")
	return nil
}

func (e *env) helper(name string) string { return filepath.Join(e.bin, name) }

// execute runs a command with its output on standard error.
func (e *env) execute(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return nil
}

func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	return string(out), err
}

func logf(format string, args ...any) { fmt.Fprintf(os.Stderr, "openbench: "+format+"\n", args...) }
