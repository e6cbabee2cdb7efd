package osfs_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// lockVariable names the environment variable with the path that a test binary started as a
// second process locks instead of running tests.
const lockVariable = "THAW_TEST_LOCK"

func TestMain(m *testing.M) {
	if path := os.Getenv(lockVariable); path != "" {
		lockAndWait(path)
		return
	}
	os.Exit(m.Run())
}

// lockAndWait prints the result of Lock, and holds the lock until standard input ends.
func lockAndWait(path string) {
	_, err := osfs.FS{}.Lock(path)
	switch {
	case err == nil:
		fmt.Println("held")
	case errors.Is(err, fsabstraction.ErrLocked):
		fmt.Println("locked")
	default:
		fmt.Println(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// startHolder starts a process that locks path, and returns it with its output.
func startHolder(t *testing.T, path string) (*exec.Cmd, string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), lockVariable+"="+path)
	_, err = cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // the test may have done so
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return cmd, line[:len(line)-1]
}

func needProcessesAndLocks(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("no processes here")
	}
	held, err := osfs.FS{}.Lock(filepath.Join(t.TempDir(), "probe"))
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skipf("no locks here: %v", err)
	}
	require.NoError(t, err)
	require.NoError(t, held.Unlock())
}

func TestLockExcludesAnotherProcess(t *testing.T) {
	needProcessesAndLocks(t)
	path := filepath.Join(t.TempDir(), "lock")
	held, err := osfs.FS{}.Lock(path)
	require.NoError(t, err)
	_, said := startHolder(t, path)
	require.Equal(t, "locked", said)
	require.NoError(t, held.Unlock())
	_, said = startHolder(t, path)
	require.Equal(t, "held", said)
	_, err = osfs.FS{}.Lock(path)
	require.ErrorIs(t, err, fsabstraction.ErrLocked)
}

// Neither a refused process nor the process that refused it may lose the lock when the
// refused one ends.
func TestRefusedLockFreesNothing(t *testing.T) {
	needProcessesAndLocks(t)
	path := filepath.Join(t.TempDir(), "lock")
	_, said := startHolder(t, path)
	require.Equal(t, "held", said)
	for range 3 {
		_, err := osfs.FS{}.Lock(path)
		require.ErrorIs(t, err, fsabstraction.ErrLocked)
		refused, said := startHolder(t, path)
		require.Equal(t, "locked", said)
		require.NoError(t, refused.Process.Kill())
	}
}

func TestKilledHolderFreesTheLock(t *testing.T) {
	needProcessesAndLocks(t)
	path := filepath.Join(t.TempDir(), "lock")
	holder, said := startHolder(t, path)
	require.Equal(t, "held", said)
	_, err := osfs.FS{}.Lock(path)
	require.ErrorIs(t, err, fsabstraction.ErrLocked)

	require.NoError(t, holder.Process.Kill()) // SIGKILL: the holder runs no more code
	require.Error(t, holder.Wait())
	// Windows frees the locks of a dead process after a delay that depends on its load.
	var held fsabstraction.Lock
	require.Eventually(t, func() bool {
		held, err = osfs.FS{}.Lock(path)
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, held.Unlock())
}
