package host_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

// holderDirEnv makes the test binary a process that holds a store open.
const holderDirEnv = "THAW_TEST_HOLDER_DIR"

// holdForOthers is that process. It says when the store is open, and closes it when
// its input ends.
func holdForOthers(dir string) {
	s, err := host.Open(background, dir, host.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("open")
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := s.Close(); err != nil {
		os.Exit(1)
	}
}

// requireLocked tries to open the store for writing, which pid has open.
func requireLocked(t *testing.T, path string, o host.Options, pid int) {
	_, err := host.Open(t.Context(), path, o)
	require.ErrorIs(t, err, host.ErrLocked)
	var locked *host.LockedError
	require.ErrorAs(t, err, &locked)
	require.Equal(t, path, locked.Path)
	require.Equal(t, pid, locked.Holder.PID)
	require.NotEmpty(t, locked.Holder.Host)
	require.Contains(t, err.Error(), fmt.Sprint(pid))
	_, err = host.Rebuild(t.Context(), path, host.RebuildOptions{Options: o})
	require.ErrorIs(t, err, host.ErrLocked)
}

// TestLockedInProcess opens a store twice, by every way to spell its path, while
// readers are let in.
func TestLockedInProcess(t *testing.T) {
	p := onDisk(t)
	s := p.openStore(t, host.Options{})
	appendSome(t, s, "e", 1)
	link := filepath.Join(t.TempDir(), "link")
	paths := []string{p.dir, p.dir + "/", filepath.Dir(p.dir) + "/./" + filepath.Base(p.dir)}
	if os.Symlink(p.dir, link) == nil {
		paths = append(paths, link, link+"/")
	}
	for _, path := range paths {
		requireLocked(t, path, host.Options{}, os.Getpid())
	}
	require.Len(t, all(t, p.open(t, host.ReaderOptions{})), 1)
	require.NoError(t, s.Close())
	for _, path := range paths {
		s, err := host.Open(t.Context(), path, host.Options{})
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
}

// TestLockedInMemory is the same where locks are the adapter's.
func TestLockedInMemory(t *testing.T) {
	p := inMemory(t)
	s := p.openStore(t, host.Options{})
	requireLocked(t, p.dir, host.Options{FS: p.fs}, os.Getpid())
	require.NoError(t, s.Close())
	p.openStore(t, host.Options{})
}

// TestLockedByProcess has another process hold the store until it closes it, and
// until it is killed.
func TestLockedByProcess(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for _, kill := range []bool{false, true} {
		t.Run(fmt.Sprintf("killed %v", kill), func(t *testing.T) {
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
			requireLocked(t, p.dir, host.Options{}, cmd.Process.Pid)
			require.Empty(t, all(t, p.open(t, host.ReaderOptions{})))
			if kill {
				require.NoError(t, cmd.Process.Kill())
				require.Error(t, cmd.Wait())
			} else {
				require.NoError(t, in.Close())
				require.NoError(t, cmd.Wait())
			}
			p.openStore(t, host.Options{})
			requireLocked(t, p.dir, host.Options{}, os.Getpid())
		})
	}
}

// TestFailedOpenUnlocks fails every operation of an open in turn: the next open
// gets the lock.
func TestFailedOpenUnlocks(t *testing.T) {
	for k := 1; ; k++ {
		p := place{crashfs.New(), storeDir}
		require.NoError(t, p.fs.MkdirAll(p.dir))
		p.put(t, fixture(t, "tail"))
		fsys := failfs.New(p.fs)
		fault := fsys.Fail(failfs.Rule{Nth: k})
		s, err := host.Open(t.Context(), p.dir, host.Options{FS: fsys, Logger: quiet})
		if err == nil {
			err = s.Close() // which may meet the fault
		}
		if err != nil {
			require.ErrorIs(t, err, failfs.ErrInjected)
		}
		if fault.Fired() == 0 {
			require.Greater(t, k, 10)
			return
		}
		fault.Remove()
		p.openStore(t, host.Options{})
	}
}

// bareFS has no locks.
type bareFS struct{ fsabstraction.FS }

// TestNoLocks refuses a file system without locks, unless told otherwise.
func TestNoLocks(t *testing.T) {
	mem := crashfs.New()
	require.NoError(t, mem.MkdirAll(storeDir))
	unsupported := failfs.New(mem)
	unsupported.Fail(failfs.Rule{Kinds: failfs.Lock, Err: fmt.Errorf("%w: no locks available", errors.ErrUnsupported), Forever: true})
	for name, fsys := range map[string]fsabstraction.FS{"none": bareFS{mem}, "unsupported": unsupported} {
		t.Run(name, func(t *testing.T) {
			_, err := host.Open(t.Context(), storeDir, host.Options{FS: fsys})
			require.ErrorIs(t, err, host.ErrNoLock)
			require.ErrorIs(t, err, errors.ErrUnsupported)
			require.Empty(t, mem.Files(storeDir))
			s, err := host.Open(t.Context(), storeDir, host.Options{FS: fsys, Unlocked: true})
			require.NoError(t, err)
			require.NoError(t, s.Close())
			require.Empty(t, mem.Files(storeDir))
		})
	}
}

// TestOddLockFile puts a link and a directory where the lock should be.
func TestOddLockFile(t *testing.T) {
	for name, put := range map[string]func(target, path string) error{
		"link":          os.Symlink,
		"dangling link": func(_, path string) error { return os.Symlink("nowhere", path) },
		"directory":     func(_, path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			p := onDisk(t)
			target := filepath.Join(t.TempDir(), "target")
			require.NoError(t, os.WriteFile(target, []byte("mine"), 0o600))
			if err := put(target, p.path(host.LockName)); err != nil {
				t.Skipf("not here: %v", err)
			}
			_, err := host.Open(t.Context(), p.dir, host.Options{})
			require.ErrorIs(t, err, fsabstraction.ErrNotRegular)
			b, err := os.ReadFile(target)
			require.NoError(t, err)
			require.Equal(t, "mine", string(b))
			entries, err := os.ReadDir(p.dir)
			require.NoError(t, err)
			require.Len(t, entries, 1, "nothing is made")
		})
	}
}
