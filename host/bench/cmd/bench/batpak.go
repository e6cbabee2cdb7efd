package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/thawlog/thaw/core/index"
)

// batpakName is the column of batpak 0.4.0. Its program, in host/interop/batpak, reads
// thaw's own store and is asked for an entity's events.
const (
	batpakName    = "batpak"
	batpakVersion = "0.4.0"
)

type batpak struct {
	program string
	dir     string // thaw's files except those that only thaw reads
}

// newBatpak builds the program and makes its directory of hard links; it returns nil
// without cargo.
func newBatpak(ctx context.Context, thaw *kept) (*batpak, error) {
	if _, err := exec.LookPath("cargo"); err != nil {
		logf("cargo is not installed: running without batpak")
		return nil, nil
	}
	module, err := output(exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/thawlog/thaw/host/bench"))
	if err != nil {
		logf("not run inside host/bench (%v): running without batpak", err)
		return nil, nil
	}
	crate := filepath.Join(strings.TrimSpace(string(module)), "..", "interop", "batpak")
	logf("building batpak")
	cmd := exec.CommandContext(ctx, "cargo", "build", "--release", "--locked", "--quiet")
	cmd.Dir, cmd.Stderr = crate, os.Stderr
	if err := cmd.Run(); err != nil {
		logf("batpak does not build here (%v): running without it", err)
		return nil, ctx.Err()
	}
	target := filepath.Join(crate, "target")
	if dir := os.Getenv("CARGO_TARGET_DIR"); dir != "" {
		target = dir
	}
	b := &batpak{program: filepath.Join(target, "release", "batpak-peer"), dir: thaw.dir + "-for-batpak"}
	return b, cloneDir(thaw.dir, b.dir, linkFile, func(name string) bool { return !strings.HasSuffix(name, index.Extension) })
}

// clean removes the directory, whose links would keep files alive that thaw's store no
// longer has.
func (b *batpak) clean() error {
	if b == nil {
		return nil
	}
	return os.RemoveAll(b.dir)
}

// first opens the store in a fresh process and asks for an entity.
func (b *batpak) first(ctx context.Context, a ask) (outcome, error) {
	out, err := output(exec.CommandContext(ctx, b.program, "open", b.dir, "--entity", a.Name))
	if err != nil {
		return outcome{}, fmt.Errorf("batpak: %w", err)
	}
	var line struct {
		OpenNS       int64  `json:"open_ns"`
		FirstQueryNS int64  `json:"first_query_ns"`
		PeakRSSBytes int64  `json:"peak_rss_bytes"`
		QueryEvents  int    `json:"query_events"`
		QueryHash    string `json:"query_hash"`
	}
	if err := json.Unmarshal(out, &line); err != nil {
		return outcome{}, err
	}
	if line.QueryEvents != a.Hits || line.QueryHash != a.Checksum {
		return outcome{}, errors.New("batpak: wrong answer for " + a.Name)
	}
	return outcome{OpenNS: line.OpenNS, AskNS: line.FirstQueryNS, RSS: line.PeakRSSBytes}, nil
}
