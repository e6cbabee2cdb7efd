package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// followedDir is a store with a writer.
type followedDir struct {
	t    *testing.T
	dir  string
	file string // a checkpoint
	s    *host.Store
}

func newFollowedDir(t *testing.T) *followedDir {
	d := &followedDir{t: t, dir: filepath.Join(t.TempDir(), "s"), file: filepath.Join(t.TempDir(), "position")}
	d.open()
	return d
}

func (d *followedDir) open() {
	s, err := host.Open(d.t.Context(), d.dir, host.Options{})
	require.NoError(d.t, err)
	d.s = s
	d.t.Cleanup(func() { _ = s.Close() })
}

func (d *followedDir) add(n int) {
	for range n {
		_, err := d.s.Append(d.t.Context(), event.At("a", "shop"), event.Data, 1)
		require.NoError(d.t, err)
	}
}

// saved returns the position in the checkpoint.
func (d *followedDir) saved(region host.Region) uint64 {
	p, err := host.CheckpointFile{Path: d.file}.Load(region)
	require.NoError(d.t, err)
	return p.Sequence
}

// follow follows until written, called after each write, is done.
func (d *followedDir) follow(written func(text string) (done bool), args ...string) result {
	ctx, cancel := context.WithCancel(d.t.Context())
	defer cancel()
	out := &told{after: func(text string) {
		if written(text) {
			cancel()
		}
	}}
	var stderr strings.Builder
	code := Run(ctx, append([]string{"follow", d.dir}, args...), Env{Stdout: out, Stderr: &stderr})
	return result{code, out.all.String(), stderr.String()}
}

// sequences are those of lines.
func sequences(stdout string) (all []string) {
	for line := range strings.Lines(stdout) {
		_, rest, _ := strings.Cut(line, `"seq":`)
		n, _, _ := strings.Cut(rest, ",")
		all = append(all, n)
	}
	return all
}

// TestFollowCheckpoint: follow begins at the position in the file, saves it only after the
// lines before it are written, and refuses a file of other conditions.
func TestFollowCheckpoint(t *testing.T) {
	d := newFollowedDir(t)
	d.add(2)
	keep := []string{"--checkpoint", d.file}
	got := d.follow(func(text string) bool {
		if n := strings.Count(text, "\n"); n == 2 { // not saved before they are written
			require.Zero(t, d.saved(host.Region{}))
			d.add(1)
		} else if n == 3 {
			require.EqualValues(t, 2, d.saved(host.Region{}))
			return true
		}
		return false
	}, keep...)
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, []string{"0", "1", "2"}, sequences(got.stdout))
	require.Contains(t, got.stderr, "@3\n")
	require.EqualValues(t, 3, d.saved(host.Region{}))

	// The file counts, not --from.
	d.add(3)
	got = run(nil, "follow", d.dir, "--checkpoint", d.file, "--from", "0", "--limit", "2")
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, []string{"3", "4"}, sequences(got.stdout))
	require.EqualValues(t, 5, d.saved(host.Region{}))

	// Without a file, --from counts.
	require.NoError(t, os.Remove(d.file))
	got = run(nil, "follow", d.dir, "--checkpoint", d.file, "--from", "4", "--limit", "1")
	require.Equal(t, []string{"4"}, sequences(got.stdout))

	for _, c := range []struct{ args, want string }{
		{"--entity a", "Use one file for each set of conditions"},
		{"--since 2020-01-01", "Use one file for each set of conditions"},
		{"--until 2060-01-01", "Use one file for each set of conditions"},
		{"--since 1h", "must be times"},
		{"--until now", "must be times"},
		{"--after 1", "--checkpoint and --after exclude each other"},
	} {
		got := run(nil, append([]string{"follow", d.dir, "--checkpoint", d.file, "--limit", "1"}, strings.Fields(c.args)...)...)
		require.Equal(t, 2, got.code, c.args)
		require.Contains(t, got.stderr, c.want)
		require.Empty(t, got.stdout)
		require.EqualValues(t, 5, d.saved(host.Region{}))
	}
	for file, want := range map[string]string{
		"":                                   "--checkpoint is empty",
		filepath.Join(d.dir, "position"):     "is in the store's own directory",
		filepath.Join(d.dir+"x", "position"): "Its directory must exist.",
	} {
		got := run(nil, "follow", d.dir, "--checkpoint", file, "--limit", "1")
		require.Equal(t, 2, got.code, file)
		require.Contains(t, got.stderr, want)
	}
	require.NoError(t, os.WriteFile(d.file, []byte("my notes\n"), 0o600))
	got = run(nil, "follow", d.dir, "--checkpoint", d.file, "--limit", "1")
	require.Equal(t, 2, got.code)
	require.Contains(t, got.stderr, "the checkpoint file is damaged")
	require.Contains(t, got.stderr, "If it is a checkpoint, delete it")
	b, err := os.ReadFile(d.file)
	require.NoError(t, err)
	require.Equal(t, "my notes\n", string(b))
}

// TestFollowCheckpointTimes: conditions of time are in the file too.
func TestFollowCheckpointTimes(t *testing.T) {
	d := newFollowedDir(t)
	d.add(1)
	args := []string{"follow", d.dir, "--checkpoint", d.file, "--since", "2020-01-01", "--until", "2060-01-01T00:00:00Z", "--limit", "1"}
	require.Equal(t, []string{"0"}, sequences(run(nil, args...).stdout))
	d.add(1)
	require.Equal(t, []string{"1"}, sequences(run(nil, args...).stdout))
	got := run(nil, "follow", d.dir, "--checkpoint", d.file, "--since", "2020-01-01")
	require.Equal(t, 2, got.code)
	require.Contains(t, got.stderr, "since=")
}

// TestFollowCheckpointUnsaved: the position of lines that were not written is not saved, and a
// checkpoint that cannot be saved is an error.
func TestFollowCheckpointUnsaved(t *testing.T) {
	d := newFollowedDir(t)
	d.add(2)
	full := errors.New("no space left on device")
	var stderr strings.Builder
	code := Run(t.Context(), []string{"follow", d.dir, "--checkpoint", d.file, "--limit", "2"}, Env{Stdout: unwritable{full}, Stderr: &stderr})
	require.Equal(t, 2, code)
	require.Contains(t, stderr.String(), "cannot write the output: no space left")
	require.NotContains(t, stderr.String(), "continue with")
	require.Zero(t, d.saved(host.Region{}))

	broken := failfs.New(osfs.FS{})
	broken.Fail(failfs.Rule{Kinds: failfs.Rename, Forever: true})
	got := runWith(broken, "", "follow", d.dir, "--checkpoint", d.file, "--limit", "1")
	require.Equal(t, 2, got.code, got.stderr)
	require.Contains(t, got.stderr, "checkpoint "+d.file)
	require.NotContains(t, got.stderr, "Nothing was changed. Try again")
}

// unwritable is an output that cannot be written.
type unwritable struct{ err error }

func (f unwritable) Write([]byte) (int, error) { return 0, f.err }

// TestFollowRefused: of a position that the store refuses, at the start or midway, nothing
// says to continue there.
func TestFollowRefused(t *testing.T) {
	refused := func(got result, why, hint string) {
		t.Helper()
		require.Equal(t, 2, got.code)
		require.Contains(t, got.stderr, why)
		require.Contains(t, got.stderr, hint+"Use --from 0 for all events or --from now for new ones")
		require.NotContains(t, got.stderr, "continue with")
		require.NotContains(t, got.stderr, "disk")
	}
	d := newFollowedDir(t)
	d.add(3)
	refused(run(nil, "follow", d.dir, "--from", "4"), "the store ends before the position", "It may be of a newer copy of the store. ")
	refused(run(nil, "follow", d.dir, "--from", "00000000000000000000000000000001@0"), "the position is of another store", "  ")

	got := d.follow(func(text string) bool { // the store is deleted and another one created
		require.NoError(t, d.s.Close())
		require.NoError(t, os.Rename(d.dir, d.dir+".old"))
		d.dir += ".new"
		d.open()
		d.add(1)
		require.NoError(t, d.s.Close())
		require.NoError(t, os.Rename(d.dir, strings.TrimSuffix(d.dir, ".new")))
		return false
	})
	refused(got, "the position is of another store", "  ")
}
