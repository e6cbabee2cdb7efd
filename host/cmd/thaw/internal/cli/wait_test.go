package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// leavingFS has the holder of a lock leave when a lock was refused.
type leavingFS struct {
	osfs.FS
	leave func()
}

func (l leavingFS) Lock(name string) (fsabstraction.Lock, error) {
	lock, err := l.FS.Lock(name)
	if errors.Is(err, fsabstraction.ErrLocked) {
		l.leave()
	}
	return lock, err
}

// TestWait: every command that writes waits for a holder that leaves, and says who
// stayed, or that it was interrupted, when it does not.
func TestWait(t *testing.T) {
	for _, args := range [][]string{
		{"append", "--entity", "e", "--scope", "s", "--kind", "DATA", "--payload", "1"}, {"import"}, {"rebuild"}, {"compact"}, {"redact", "--entity", "order:42"},
	} {
		dir := filepath.Join(t.TempDir(), "s")
		s, err := host.Open(t.Context(), dir, host.Options{})
		require.NoError(t, err)
		_, err = s.Append(t.Context(), event.At("order:42", "shop:eu"), 0x1000, 1)
		require.NoError(t, err)
		args := append(args, dir)
		got := runWith(nil, goodLine, append(args, "--wait", "1ms")...)
		require.Equal(t, 4, got.code, got.stderr)
		require.Contains(t, got.stderr, fmt.Sprintf("thaw: %s: another writer has the store open: process %d on ", dir, os.Getpid()))
		ctx, cancel := context.WithCancel(t.Context())
		got = runContext(ctx, leavingFS{leave: cancel}, append(args, "--wait", "10000h")...)
		require.Equal(t, result{code: 130, stderr: "thaw: interrupted\n"}, got)
		refused := 0
		fsys := leavingFS{leave: func() {
			refused++
			require.NoError(t, s.Close())
		}}
		got = runWith(fsys, goodLine, append(args, "--wait", "10000h")...)
		require.Equal(t, 0, got.code, got.stderr)
		require.Equal(t, 1, refused)
		got = runWith(fsys, goodLine, append(args, "--wait", "-1s")...)
		require.Equal(t, 2, got.code)
		require.Contains(t, got.stderr, "a duration is a number with its unit, such as 30s or 5m")
	}
}
