//go:build linux || darwin

package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// followed is a thaw follow that has printed the only event of its store, and waits.
type followed struct {
	store  *host.Store
	cmd    *exec.Cmd
	stdout *os.File
	lines  *bufio.Reader
	stderr strings.Builder
}

func (f *followed) add(t *testing.T) {
	_, err := f.store.Append(t.Context(), event.At("e", "s"), event.Data, 1)
	require.NoError(t, err)
}

func (f *followed) line(t *testing.T) {
	_, err := f.lines.ReadString('\n')
	require.NoError(t, err)
}

// startFollow starts a command line that ends with thaw follow.
func startFollow(t *testing.T, args ...string) *followed {
	dir := t.TempDir()
	store, err := host.Open(t.Context(), dir, host.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	args = append(args, dir)
	f := &followed{store: store, cmd: exec.CommandContext(ctx, args[0], args[1:]...)}
	f.add(t)
	var w *os.File
	f.stdout, w, err = os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.stdout.Close() })
	f.cmd.Stdout, f.cmd.Stderr = w, &f.stderr
	require.NoError(t, f.cmd.Start())
	require.NoError(t, w.Close())
	f.lines = bufio.NewReader(f.stdout)
	f.line(t)
	return f
}

// TestFollowSignals: each signal that ends thaw follow is its success, with the position.
func TestFollowSignals(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		f := startFollow(t, "thaw", "follow")
		require.NoError(t, f.cmd.Process.Signal(sig))
		require.NoError(t, f.cmd.Wait(), "%v: %s", sig, &f.stderr)
		require.Regexp(t, `^thaw: note: continue with --from [0-9a-f]{32}@1\n$`, f.stderr.String(), sig)
	}
}

// TestFollowNohup: what nohup started stays when the terminal goes.
func TestFollowNohup(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	f := startFollow(t, "sh", "-c", `trap "" HUP; exec thaw follow "$1"`, "sh")
	require.NoError(t, f.cmd.Process.Signal(syscall.SIGHUP))
	f.add(t)
	f.line(t)
	require.NoError(t, f.cmd.Process.Signal(os.Interrupt))
	require.NoError(t, f.cmd.Wait(), &f.stderr)
}

// TestFollowClosedPipe: thaw follow ends when the reader of its output goes: on Linux while it
// waits, elsewhere at its next line.
func TestFollowClosedPipe(t *testing.T) {
	f := startFollow(t, "thaw", "follow")
	require.NoError(t, f.stdout.Close())
	if runtime.GOOS != "linux" {
		f.add(t)
	}
	require.NoError(t, f.cmd.Wait(), &f.stderr)
	require.Empty(t, f.stderr.String())

	// A pipe that its reader only lets fill up is not closed.
	f = startFollow(t, "thaw", "follow", "--limit", "2000")
	for range 1999 {
		f.add(t)
	}
	n, err := io.Copy(io.Discard, f.lines)
	require.NoError(t, err)
	require.Greater(t, n, int64(100<<10))
	require.NoError(t, f.cmd.Wait(), &f.stderr)
}
