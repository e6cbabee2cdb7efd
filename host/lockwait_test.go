package host_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// takes are what waits for the lock of a store.
var takes = map[string]func(ctx context.Context, p place, o host.Options) error{
	"open": func(ctx context.Context, p place, o host.Options) error {
		s, err := host.Open(ctx, p.dir, o)
		if err == nil {
			err = s.Close()
		}
		return err
	},
	"rebuild": func(ctx context.Context, p place, o host.Options) error {
		_, err := host.Rebuild(ctx, p.dir, host.RebuildOptions{Options: o})
		return err
	},
}

// TestLockWait: a store that another holds is waited for as long as the options say,
// and no longer than the context. The clock is synctest's: nobody waits.
func TestLockWait(t *testing.T) {
	const never = time.Duration(1 << 62)
	for _, c := range []struct {
		name                      string
		wait, heldFor, contextFor time.Duration
		want                      error
		atLeast, atMost           time.Duration
	}{
		{"not at all", 0, time.Minute, never, host.ErrLocked, 0, 0},
		{"until it is free", time.Minute, 10 * time.Second, never, nil, 10 * time.Second, 11 * time.Second},
		{"free in the last moment", 10 * time.Second, 10*time.Second - 1, never, nil, 10*time.Second - 1, 10 * time.Second},
		{"too long", 10 * time.Second, time.Minute, never, host.ErrLocked, 10 * time.Second, 10 * time.Second},
		{"without end", -1, 2 * time.Minute, never, nil, 2 * time.Minute, 121 * time.Second},
		{"until the context ends", time.Minute, time.Hour, time.Second, context.DeadlineExceeded, time.Second, time.Second},
		{"without end, until the context ends", -1, time.Minute, time.Second, context.DeadlineExceeded, time.Second, time.Second},
	} {
		for _, where := range []place{{crashfs.New(), storeDir}, onDisk(t)} {
			for name, take := range takes {
				t.Run(c.name+" "+name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						if where.dir == storeDir {
							require.NoError(t, where.fs.MkdirAll(storeDir))
						}
						o := host.Options{FS: where.fs, Logger: quiet}
						holder, err := host.Open(t.Context(), where.dir, o)
						require.NoError(t, err)
						closed := make(chan error, 1)
						ctx, cancel := context.WithTimeout(t.Context(), c.contextFor)
						defer cancel()
						time.AfterFunc(c.heldFor, func() { closed <- holder.Close() })
						start := time.Now()
						o.LockWait = c.wait
						err = take(ctx, where, o)
						took := time.Since(start)
						require.GreaterOrEqual(t, took, c.atLeast)
						require.LessOrEqual(t, took, c.atMost)
						if c.want == nil {
							require.NoError(t, err)
						} else {
							require.ErrorIs(t, err, c.want)
							require.ErrorIs(t, err, host.ErrLocked)
							var locked *host.LockedError
							require.ErrorAs(t, err, &locked)
							require.Equal(t, os.Getpid(), locked.Holder.PID)
						}
						require.NoError(t, <-closed)
					})
				})
			}
		}
	}
}

// refusedFS calls refused when a lock was refused for the first time.
type refusedFS struct {
	osfs.FS
	refused func()
}

func (r *refusedFS) Lock(name string) (fsabstraction.Lock, error) {
	l, err := r.FS.Lock(name)
	if errors.Is(err, fsabstraction.ErrLocked) && r.refused != nil {
		r.refused()
		r.refused = nil
	}
	return l, err
}

// TestLockWaitForProcess waits for another process, which closes the store, or is
// killed, once this one was refused.
func TestLockWaitForProcess(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for _, kill := range []bool{false, true} {
		for name, take := range takes {
			p := onDisk(t)
			cmd := exec.CommandContext(t.Context(), self)
			cmd.Env = append(os.Environ(), holderDirEnv+"="+p.dir)
			in, err := cmd.StdinPipe()
			require.NoError(t, err)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			if err := cmd.Start(); err != nil {
				t.Skipf("no processes here: %v", err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "open\n", line)
			left := false
			leave := in.Close
			if kill {
				leave = cmd.Process.Kill
			}
			o := host.Options{Logger: quiet, LockWait: -1, FS: &refusedFS{refused: func() {
				left = true
				require.NoError(t, leave())
			}}}
			require.NoError(t, take(t.Context(), p, o), name)
			require.True(t, left)
			_, _ = io.Copy(io.Discard, out)
			require.Equal(t, kill, cmd.Wait() != nil)
		}
	}
}
