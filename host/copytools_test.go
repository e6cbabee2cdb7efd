package host_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// commandsOf returns the commands of a tool in COPYING-A-STORE.md.
func commandsOf(t *testing.T, tool string) string {
	page, err := os.ReadFile("COPYING-A-STORE.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(page), "```sh "+tool+"\n")
	require.True(t, ok, tool)
	commands, _, ok := strings.Cut(rest, "```")
	require.True(t, ok, tool)
	return commands
}

// TestCopyTools runs the commands of COPYING-A-STORE.md while a writer appends, closes,
// reopens, and merges segments. The copy must be sound, without a hole, and have what was
// acknowledged before.
func TestCopyTools(t *testing.T) {
	for _, tool := range []struct {
		name  string
		needs []string
	}{
		{"cp", []string{"sh", "cp", "find", "cmp", "sort"}},
		{"rsync", []string{"sh", "rsync", "cmp"}},
	} {
		t.Run(tool.name, func(t *testing.T) {
			for _, needs := range tool.needs {
				if _, err := exec.LookPath(needs); err != nil {
					t.Skipf("without %s: %v", needs, err)
				}
			}
			commands := strings.ReplaceAll(commandsOf(t, tool.name), "\nsync\n", "\n")
			ctx := context.Background()
			store := filepath.Join(t.TempDir(), "store")
			options := flushingOften(host.Options{SegmentSize: 3000, Logger: quiet}, true)
			var acked atomic.Int64
			stop, ended := make(chan struct{}), make(chan error, 1)
			begun := make(chan struct{})
			go func() { ended <- keepWriting(ctx, store, options, &acked, stop, begun) }()
			<-begun
			copies := t.TempDir()
			require.NoError(t, os.Symlink(store, filepath.Join(copies, " a store")))
			for i := range 4 {
				target := filepath.Join(copies, fmt.Sprint("copy", i/2)) // each of the tools can copy again
				least := acked.Load()
				c := exec.Command("sh", "-c", commands)
				c.Dir = copies
				c.Env = append(os.Environ(), "STORE= a store", "COPY="+target)
				out, err := c.CombinedOutput()
				require.NoError(t, err, "%s", out)
				soundStore(t, osfs.FS{}, target)
				log, _, _ := contentOf(t, osfs.FS{}, target)
				require.GreaterOrEqual(t, int64(len(log)), least)
				for k, e := range log {
					require.EqualValues(t, k, e.Sequence)
				}
				st, err := host.Open(ctx, target, host.Options{Logger: quiet})
				require.NoError(t, err)
				r, err := st.Append(ctx, event.At("new", "s"), event.Data, 1)
				require.NoError(t, err)
				require.EqualValues(t, len(log), r.Sequence)
				require.NoError(t, st.Close())
				soundStore(t, osfs.FS{}, target)
			}
			close(stop)
			require.NoError(t, <-ended)
		})
	}
}

// TestCopyToolsEnd: without one of the tools, or without the store, the commands end with an error.
func TestCopyToolsEnd(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // they would go on for ever
	defer cancel()
	dir := t.TempDir()
	st, err := host.Open(ctx, filepath.Join(dir, "store"), host.Options{Logger: quiet})
	require.NoError(t, err)
	_, err = st.Append(ctx, event.At("e", "s"), event.Data, 1)
	require.NoError(t, err)
	require.NoError(t, st.Close())
	tools := []string{"sh", "cp", "find", "sort", "rm", "mkdir", "rsync", "cmp"}
	for _, name := range tools {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("without %s: %v", name, err)
		}
		require.NoError(t, os.Symlink(path, filepath.Join(dir, name)))
	}
	run := func(tool, store string) error {
		c := exec.CommandContext(ctx, filepath.Join(dir, "sh"), "-c", strings.ReplaceAll(commandsOf(t, tool), "\nsync\n", "\n"))
		c.Dir, c.Env = dir, []string{"PATH=" + dir, "STORE=" + store, "COPY=copy"}
		return c.Run()
	}
	for _, tool := range []string{"cp", "rsync"} {
		require.NoError(t, run(tool, "store"))
		require.Error(t, run(tool, "none"))
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "cmp")))
	for _, tool := range []string{"cp", "rsync"} {
		require.Error(t, run(tool, "store"))
		require.NoError(t, ctx.Err(), tool)
	}
}

// keepWriting appends until stop is closed, and reopens the store now and then.
func keepWriting(ctx context.Context, dir string, o host.Options, acked *atomic.Int64, stop, begun chan struct{}) error {
	for session := 0; ; session++ {
		st, err := host.Open(ctx, dir, o)
		if err != nil {
			return err
		}
		for i := range 40 {
			select {
			case <-stop:
				return st.Close()
			default:
			}
			if _, err := st.Append(ctx, event.At(fmt.Sprint("e", i%5), "s"), event.Data, i); err != nil {
				return err
			}
			acked.Add(1)
		}
		if err := mergeNow(ctx, st, session); err != nil {
			return err
		}
		if session%3 == 2 { // a copy fits between two compactions
			time.Sleep(700 * time.Millisecond)
		}
		if err := st.Close(); err != nil {
			return err
		}
		if session == 2 {
			close(begun)
		}
	}
}

// mergeNow merges the segments of some sessions.
func mergeNow(ctx context.Context, st *host.Store, session int) error {
	if session%3 != 2 {
		return nil
	}
	_, err := st.Compact(ctx, host.Compaction{SegmentSize: 1 << 20})
	return err
}
