package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/thawlog/thaw/host/bench/peers/bbolt"
	"github.com/thawlog/thaw/host/bench/peers/sqlite"
	"github.com/thawlog/thaw/host/bench/result"
	"github.com/thawlog/thaw/host/bench/source"
)

// peer is one line of the table.
type peer struct {
	name     string
	what     string // how it opens, in a few words
	optional bool   // left out unless asked for by name or "all"

	// prepare runs once, before any timing, and returns the file or directory the helper opens.
	prepare func(ctx context.Context, e *env) (path string, err error)
	// command is the helper and its arguments, path excluded.
	command func(e *env) []string
	// scratch: the helper changes the directory, so each run gets a copy by hard links.
	scratch bool
}

// reference is the peer that the others are measured against.
const reference = "batpak"

var peers = []peer{
	{
		name:    reference,
		what:    "batpak 0.4.0, read-only, default configuration",
		prepare: prepareBatpak,
		command: func(e *env) []string { return batpakCommand(e) },
	},
	{
		name:     "batpak-lean",
		what:     "batpak 0.4.0, read-only, every optional view off",
		optional: true,
		prepare:  prepareBatpak,
		command:  func(e *env) []string { return batpakCommand(e, "--lean") },
	},
	{
		name:     "batpak-rw",
		what:     "batpak 0.4.0, for writing, default configuration",
		optional: true,
		prepare:  prepareBatpak,
		command:  func(e *env) []string { return batpakCommand(e, "--rw") },
		scratch:  true,
	},
	{
		name:    "bbolt",
		what:    "bbolt, read-only",
		prepare: prepareBbolt,
		command: func(e *env) []string { return goCommand(e, "bbolt-open") },
	},
	{
		name:     "bbolt-rw",
		what:     "bbolt, for writing",
		optional: true,
		prepare:  prepareBbolt,
		command:  func(e *env) []string { return goCommand(e, "bbolt-open", "-rw") },
	},
	{
		name:    "sqlite",
		what:    "SQLite (modernc.org/sqlite), read-only",
		prepare: prepareSQLite,
		command: func(e *env) []string { return goCommand(e, "sqlite-open") },
	},
	{
		name:    "thaw",
		what:    "thaw, read-only, lookups built in memory at open",
		prepare: prepareThaw,
		command: func(e *env) []string { return goCommand(e, "thaw-open") },
	},
}

// errAbsent marks a peer that cannot run here; the table says why instead of numbers.
var errAbsent = errors.New("not run")

func absent(why string) error { return fmt.Errorf("%w: %s", errAbsent, why) }

func defaultPeers() (names []string) {
	for _, p := range peers {
		if !p.optional {
			names = append(names, p.name)
		}
	}
	return names
}

func choosePeers(list string) ([]peer, error) {
	switch list {
	case "all":
		return peers, nil
	case "":
		list = strings.Join(defaultPeers(), ",")
	}
	var chosen []peer
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(peers, func(p peer) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no peer %q", name)
		}
		chosen = append(chosen, peers[i])
	}
	return chosen, nil
}

func prepareBatpak(_ context.Context, e *env) (string, error) {
	if e.batpak == "" {
		return "", absent("no cargo")
	}
	return e.storeDir(), nil
}

func batpakCommand(e *env, flags ...string) []string {
	return append([]string{e.batpak, "open", pathHere, "--get", e.getID, "--entity", e.entity}, flags...)
}

func prepareBbolt(_ context.Context, e *env) (string, error) {
	return e.load("bbolt.db", bbolt.Write)
}

func prepareSQLite(_ context.Context, e *env) (string, error) {
	return e.load("sqlite.db", sqlite.Write)
}

// load makes a peer's file from the store, once.
func (e *env) load(name string, write func(path string, src *source.Store) error) (string, error) {
	path := filepath.Join(e.dir, name)
	return path, build(path, func(temporary string) error {
		logf("loading %d events into %s", e.events, name)
		src, err := source.Open(e.storeDir())
		if err != nil {
			return err
		}
		defer src.Close()
		return write(temporary, src)
	})
}

func goCommand(e *env, name string, flags ...string) []string {
	args := append([]string{e.helper(name), "-get", e.getID, "-entity", e.entity}, flags...)
	return append(args, pathHere)
}

// prepareThaw lets thaw read batpak's own directory: a reader writes nothing.
func prepareThaw(_ context.Context, e *env) (string, error) { return e.storeDir(), nil }

// pathHere stands in a command for the path that a run opens.
const pathHere = "\x00path"

// start makes the command of one run.
func (p *peer) start(ctx context.Context, e *env, path string) *exec.Cmd {
	args := p.command(e)
	for i := range args {
		if args[i] == pathHere {
			args[i] = path
		}
	}
	return exec.CommandContext(ctx, args[0], args[1:]...)
}

// finish runs a helper and returns its standard output; result.ExitNotBuilt becomes errAbsent.
func finish(cmd *exec.Cmd) ([]byte, error) {
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return out, err
	}
	said := strings.TrimSpace(string(exit.Stderr))
	if exit.ExitCode() == result.ExitNotBuilt {
		return nil, absent(said)
	}
	os.Stderr.Write(exit.Stderr)
	return nil, fmt.Errorf("%s: %w", filepath.Base(cmd.Path), err)
}
