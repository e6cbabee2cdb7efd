package cli

import (
	"context"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// writers are the commands that write to the store, or to a file of keys.
var writers = []string{"append", "import", "rebuild", "compact", "redact", "keys"}

// TestNeverWrites runs every other command on a copy of every fixture, whole and
// damaged, in a directory without write permission: names, sizes, times and
// content stay.
func TestNeverWrites(t *testing.T) {
	skipShort(t)
	const id = "0102030405060708090a0b0c0d0e0f10"
	commands := [][]string{
		{"dump"}, {"dump", "--payloads"}, {"dump", "--no-mapping"}, {"dump", "--show-hidden"}, {"dump", "--strict"},
		{"query", "--prefix", "a"}, {"query", "--count"}, {"get", id}, {"ancestors", id}, {"effects", id},
		{"correlated", id}, {"stream", "opt"}, {"stat"}, {"stat", "--json"}, {"verify"}, {"verify", "--json"},
		{"export"}, {"query", "--last", "2"}, {"query", "--reverse"}, {"stream", "opt", "--reverse"}, {"entities"}, {"scopes", "--json"},
		{"kinds"}, {"check-types"}, {"graph", id}, {"graph", id, "--json"},
	}
	tried := map[string]bool{"follow": true, "inspect": true}
	for _, name := range fixtureNames {
		for _, harm := range []string{"", "index.fbati", "index.ckpt", "000001.fbat", "visibility_ranges.fbv"} {
			dir := t.TempDir()
			files := storeFiles(t, name)
			if harm != "" {
				if files[harm] == nil {
					continue
				}
				files[harm][len(files[harm])/2] ^= 0xff
			}
			old := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
			for file, b := range files {
				path := filepath.Join(dir, file)
				require.NoError(t, os.WriteFile(path, b, 0o444))
				require.NoError(t, os.Chtimes(path, old, old))
			}
			require.NoError(t, os.Chtimes(dir, old, old))
			require.NoError(t, os.Chmod(dir, 0o555))
			before := look(t, dir)
			for _, c := range commands {
				tried[c[0]] = true
				run(nil, append([]string{c[0], dir}, c[1:]...)...)
				require.Equal(t, before, look(t, dir), "%s %v", name, c)
			}
			for _, c := range [][]string{{"backup"}, {"backup", "--accept-damage"}, {"fork", "0"}, {"fork", "1", "--no-links"}, {"salvage"}} {
				tried[c[0]] = true
				at := []string{c[0], dir}
				at = append(append(at, c[1:]...), filepath.Join(t.TempDir(), "dst"))
				run(nil, at...)
				require.Equal(t, before, look(t, dir), "%s %v", name, c)
			}
			follow(t, dir)
			require.Equal(t, before, look(t, dir), "%s follow", name)
			inspected(t, func(address string) {
				for _, file := range append([]string{""}, slices.Collect(maps.Keys(files))...) {
					code, _ := fetch(t, address+"store/"+file)
					require.Equal(t, 200, code)
				}
			}, dir)
			require.Equal(t, before, look(t, dir), "%s inspect", name)
			require.NoError(t, os.Chmod(dir, 0o755))
		}
	}
	for _, c := range (&app{}).root().Commands() {
		if name := c.Name(); name != "help" && name != "completion" && name != "version" && !slices.Contains(writers, name) {
			require.True(t, tried[name], "%s is not tried", name)
		}
	}
}

// follow follows a store until the first lines are written, or for a moment if there are none.
func follow(t *testing.T, dir string) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	out := &told{after: func(string) { cancel() }}
	Run(ctx, []string{"follow", dir}, Env{Stdout: out, Stderr: io.Discard})
}

type entry struct {
	name, content string
	size          int64
	mode          fs.FileMode
	modified      time.Time
}

// look is everything about a directory that a writer would change.
func look(t *testing.T, dir string) (all []entry) {
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		e := entry{name: path, size: info.Size(), mode: info.Mode(), modified: info.ModTime()}
		if !d.IsDir() {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			e.content = string(b)
		}
		all = append(all, e)
		return nil
	}))
	return all
}
