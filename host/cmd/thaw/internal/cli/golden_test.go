package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/aferofs"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host/cmd/thaw/internal/golden"
)

// fixtures is where the stores of batpak 0.4.0 lie; package core/internal/fixture
// embeds the same files for the core's tests.
const fixtures = "../../../../../core/internal/fixture/testdata"

var fixtureNames = []string{
	"batch", "compacted", "compacted-tail", "empty", "fences", "kinds",
	"options", "payloads", "rotated", "strings", "tail", "torn-batch",
}

func TestFixtureNames(t *testing.T) {
	var dirs []string
	entries, err := os.ReadDir(fixtures)
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() {
			dirs = append(dirs, e.Name())
		}
	}
	require.Equal(t, fixtureNames, dirs)
}

// result is what a command line did.
type result struct {
	code           int
	stdout, stderr string
}

func run(fs fsabstraction.ReadFS, args ...string) result {
	return runContext(context.Background(), fs, args...)
}

func runContext(ctx context.Context, fs fsabstraction.ReadFS, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := Run(ctx, args, Env{Stdout: &stdout, Stderr: &stderr, FS: fs})
	return result{code, stdout.String(), stderr.String()}
}

// place is a file system and an empty directory in it.
type place struct {
	name string
	fs   fsabstraction.FS
	dir  string
}

func places(t *testing.T) []place {
	memory := aferofs.New(afero.NewMemMapFs())
	require.NoError(t, memory.MkdirAll("/store"))
	return []place{{"os", osfs.FS{}, t.TempDir()}, {"memory", memory, "/store"}}
}

// put writes files into the place.
func (p place) put(t *testing.T, files map[string][]byte) {
	for name, b := range files {
		f, err := p.fs.Create(filepath.Join(p.dir, name))
		require.NoError(t, err)
		_, err = f.WriteAt(b, 0)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
}

// storeFiles is a fixture's directory without some of its files.
func storeFiles(t testing.TB, name string, without ...string) map[string][]byte {
	files := map[string][]byte{}
	dir := filepath.Join(fixtures, name, "store")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			require.NoError(t, err)
		}
	}
	for _, w := range without {
		delete(files, w)
	}
	return files
}

func readFixture(t testing.TB, name, file string) string {
	b, err := os.ReadFile(filepath.Join(fixtures, name, file))
	require.NoError(t, err)
	return string(b)
}

// wantLines is what dump prints of a fixture, without and with --payloads.
func wantLines(t testing.TB, name string) (plain, payloads string) {
	plain, payloads, err := golden.Lines(filepath.Join(fixtures, name))
	require.NoError(t, err)
	return plain, payloads
}

// TestFixtures dumps every fixture on each step of the ladder, on the operating
// system's file system and in memory.
func TestFixtures(t *testing.T) {
	skipShort(t)
	ladder := []struct {
		name   string
		remove []string
	}{
		{"as it is", nil},
		{"without index.fbati", []string{artifact.FileName}},
		{"without both", []string{artifact.FileName, checkpoint.FileName}},
	}
	for _, name := range fixtureNames {
		for _, step := range ladder {
			plain, payloads := wantLines(t, name)
			for _, p := range places(t) {
				t.Run(name+"/"+step.name+"/"+p.name, func(t *testing.T) {
					p.put(t, storeFiles(t, name, step.remove...))
					for _, flags := range [][]string{nil, {"--no-mapping"}, {"--strict"}} {
						got := run(p.fs, append([]string{"dump", p.dir}, flags...)...)
						require.Equal(t, result{0, plain, ""}, got)
						got = run(p.fs, append([]string{"dump", "--payloads", p.dir}, flags...)...)
						require.Equal(t, result{0, payloads, ""}, got)
					}
				})
			}
		}
	}
}

// TestGetMerges: get prints the keys of both lines.
func TestGetMerges(t *testing.T) {
	for _, name := range fixtureNames {
		dir := filepath.Join(fixtures, name, "store")
		want := map[string]map[string]json.RawMessage{}
		for _, file := range []string{"expected.jsonl", "payloads.jsonl"} {
			for l := range bytes.Lines([]byte(readFixture(t, name, file))) {
				keys := map[string]json.RawMessage{}
				require.NoError(t, json.Unmarshal(l, &keys))
				id := string(bytes.Trim(keys["event_id"], `"`))
				if want[id] == nil {
					want[id] = keys
				}
				for k, v := range keys {
					want[id][k] = v
				}
			}
		}
		for id, keys := range want {
			var line bytes.Buffer
			enc := json.NewEncoder(&line)
			enc.SetEscapeHTML(false)
			require.NoError(t, enc.Encode(keys)) // sorts the keys
			require.Equal(t, result{0, line.String(), ""}, run(nil, "get", dir, id))
		}
	}
}
