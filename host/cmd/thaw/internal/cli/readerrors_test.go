package cli

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/fsabstraction/failfs"
)

// TestCannotRead makes a segment that the system does not let be read: every command
// says so with exit code 2, calls nothing damaged, prints no partial answer as a whole
// one, offers nothing that would give events up, and leaves the segments as they are.
func TestCannotRead(t *testing.T) {
	commands := [][]string{
		{"verify"}, {"verify", "--json"}, {"stat"}, {"dump"}, {"query", "--show-hidden"}, {"export"},
		{"rebuild"}, {"rebuild", "--accept-damage"}, {"rebuild", "--accept-damage", "--json"},
		{"append", "--entity", "e", "--scope", "s", "--kind", "DATA", "--payload", "1"},
		{"backup", "/dst"}, {"fork", "1", "/dst"}, {"compact"}, {"compact", "--dry-run"}, {"redact", "--entity", "e"},
	}
	for _, cause := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.EACCES, syscall.EPERM, syscall.ENOMEM, syscall.EINTR, syscall.EIO} {
		for _, kind := range []failfs.Kind{failfs.Open, failfs.ReadAt, failfs.Lstat} {
			for _, command := range commands {
				p := places(t)[0]
				p.put(t, storeFiles(t, "rotated", artifact.FileName, checkpoint.FileName))
				before := segmentsOf(t, p)
				fs := failfs.New(p.fs)
				fs.Fail(failfs.Rule{Kinds: kind, Pattern: "000002.fbat", Forever: true, Err: cause})
				got := run(fs, append([]string{command[0], p.dir}, command[1:]...)...)
				require.Equal(t, 2, got.code, "%v %v: %s", command, cause, got.stderr)
				require.Contains(t, got.stderr, "000002.fbat could not be read")
				require.Contains(t, got.stderr, cause.Error())
				require.NotContains(t, got.stderr+got.stdout, "damage")
				require.NotContains(t, got.stderr, "may be lost")
				require.Equal(t, before, segmentsOf(t, p))
			}
		}
	}
}

// TestCannotReadIndex: an index that cannot be read is done without, and the command
// says why.
func TestCannotReadIndex(t *testing.T) {
	p := places(t)[0]
	p.put(t, storeFiles(t, "rotated"))
	want := run(p.fs, "dump", p.dir).stdout
	require.NotEmpty(t, want)
	fs := failfs.New(p.fs)
	fs.Fail(failfs.Rule{Kinds: failfs.Open, Pattern: artifact.FileName, Forever: true, Err: syscall.EACCES})
	got := run(fs, "dump", p.dir)
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, want, got.stdout)
	require.Contains(t, got.stderr, "thaw: note: index.fbati was refused: unreadable (it could not be read): permission denied")
	got = run(fs, "verify", p.dir)
	require.Equal(t, 2, got.code)
	require.Contains(t, got.stderr, "index.fbati could not be read: permission denied")
}

func segmentsOf(t *testing.T, p place) map[string]string {
	files := map[string]string{}
	entries, err := p.fs.ReadDir(p.dir)
	require.NoError(t, err)
	for _, e := range entries {
		if !isSegment(e.Name) {
			continue
		}
		f, err := p.fs.Open(p.dir + "/" + e.Name)
		require.NoError(t, err)
		n, err := f.Size()
		require.NoError(t, err)
		b := make([]byte, n)
		_, err = f.ReadAt(b, 0)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		files[e.Name] = string(b)
	}
	return files
}
