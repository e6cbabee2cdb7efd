package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/host"
)

// beside lists ways to add a file to a store's directory.
var beside = map[string]func(path string) error{
	"file":        func(path string) error { return os.WriteFile(path, []byte("mine"), 0o600) },
	"empty file":  func(path string) error { return os.WriteFile(path, nil, 0o600) },
	"directory":   func(path string) error { return os.Mkdir(path, 0o700) },
	"broken link": func(path string) error { return os.Symlink("nowhere", path) },
	"link": func(path string) error {
		target := filepath.Join(filepath.Dir(filepath.Dir(path)), "target")
		if err := os.WriteFile(target, []byte("mine"), 0o600); err != nil {
			return err
		}
		return os.Symlink(target, path)
	},
}

func isFile(what string) bool { return strings.HasSuffix(what, "file") }

// lookAt describes the file at a path, and the target of a link.
func lookAt(path string) string {
	info, err := os.Lstat(path)
	if err != nil {
		return "gone"
	}
	content, _ := os.ReadFile(path)
	return fmt.Sprint(info.Mode(), info.ModTime(), string(content))
}

// lives has a store in dir opened, appended to and closed, several times, and rebuilt.
func lives(t require.TestingT, dir string, sessions int) {
	o := host.Options{Logger: quiet}
	for n := range sessions {
		s, err := host.Open(background, dir, o)
		require.NoError(t, err)
		_, err = s.Append(background, event.At("e", "s"), event.Data, n)
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
	_, _ = host.Rebuild(background, dir, host.RebuildOptions{Options: o, AcceptDamage: true}) // a taken name is an error
}

// TestOthersFilesStay: a writer removes only files with the exact names and types that it creates.
func TestOthersFilesStay(t *testing.T) {
	for _, name := range []string{
		"notes.fbat.tmp", "my.fbatch.tmp", "000001.fbat.cut-12.txt", "000001.fbat.cut-12.txt.tmp", "index.fbati.tmp.bak",
		"INDEX.FBATI.tmp", "000001.FBAT.tmp", "0000001.fbat.tmp", "000003-000004.thaw.old", "0000003-0000004.thaw",
		"000004-000003.thaw", "notes.thaw", "notes.tmp", "synced.thaw.old",
		"names.thaw.old", "NAMES.thaw", "names.thaw.tmp.bak",
	} {
		dir := filepath.Join(t.TempDir(), "store")
		require.NoError(t, os.Mkdir(dir, 0o700))
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
		before := lookAt(path)
		lives(t, dir, 2)
		require.Equal(t, before, lookAt(path), name)
	}
}

// TestOddNeighbours: anything with one of thaw's names that is not a regular file stays, and the store
// still works.
func TestOddNeighbours(t *testing.T) {
	skipRace(t)
	for _, name := range []string{
		"000003-000004.thaw", "000001-000002.thaw", "index.fbati", "index.thaw", "index.ckpt", "index.fbati.tmp",
		"index.thaw.tmp", "000001-000002.thaw.tmp", "000001.fbat.tmp", "000001.fbat.cut-44", "names.thaw", "names.thaw.tmp",
	} {
		for what, put := range beside {
			if isFile(what) {
				continue
			}
			dir := filepath.Join(t.TempDir(), "store")
			require.NoError(t, os.Mkdir(dir, 0o700))
			path := filepath.Join(dir, name)
			if err := put(path); err != nil {
				t.Skipf("not here: %v", err)
			}
			before := lookAt(path)
			lives(t, dir, 2)
			require.Equal(t, before, lookAt(path), "%s %s", what, name)
			p := place{onDisk(t).fs, dir}
			r := p.open(t, host.ReaderOptions{})
			require.Len(t, all(t, r), 2)
			report := r.Report()
			require.NoError(t, report.Damaged())
			if _, _, part := index.ParsePartName(name); part || name == indexName {
				require.NotEmpty(t, report.Rejected, "%s %s", what, name)
				require.Equal(t, name, report.Rejected[0].File)
			}
		}
	}
}

// TestAnythingBesideStays is both for names and kinds of any sort.
func TestAnythingBesideStays(t *testing.T) {
	base := t.TempDir()
	stores := 0
	rapid.Check(t, func(r *rapid.T) {
		stores++
		dir := filepath.Join(base, fmt.Sprint(stores), "store")
		require.NoError(r, os.MkdirAll(dir, 0o700))
		piece := rapid.OneOf(
			rapid.SampledFrom([]string{"000001", "000003-000004", "index", "notes", "0000001", ".fbat", ".fbati", ".thaw", ".FBAT", ".tmp", ".bak"}),
			rapid.StringMatching(`[a-z0-9.\-]{1,4}|\.cut-[0-9]{1,2}(-[0-9])?`),
		)
		names := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) string {
			return strings.Join(rapid.SliceOfN(piece, 2, 4).Draw(r, "pieces"), "")
		}), 5, 30).Draw(r, "names")
		before := map[string]string{}
		for _, name := range names {
			what := rapid.SampledFrom([]string{"file", "empty file", "directory", "link", "broken link"}).Draw(r, "what")
			_, temporary := coredir.ParseTemporaryName(name)
			_, _, part := index.ParsePartName(name)
			if isStoreName(name) || isFile(what) && (temporary || part) {
				continue
			}
			path := filepath.Join(dir, name)
			if _, taken := before[path]; taken { // perhaps by a link, which a file would be written through
				continue
			}
			if beside[what](path) == nil {
				before[path] = lookAt(path)
			}
		}
		lives(r, dir, 1)
		for path, was := range before {
			require.Equal(r, was, lookAt(path), path)
		}
	})
}

// isStoreName reports whether a name is a segment's or one of those that a store
// cannot be opened with when something else has them.
func isStoreName(name string) bool {
	switch name {
	case "index.fbati", "index.thaw", "index.ckpt", ".", "..":
		return true
	}
	_, ok := segment.ParseName(name)
	return ok
}
