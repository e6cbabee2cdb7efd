package host_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/storetest"
)

type kindNames = map[event.Kind]string

var (
	oldNames  = kindNames{0x1001: "order.placed", 0x1002: "order.paid"}
	moreNames = kindNames{0x1002: "order.settled", 0x1003: "order.shipped"}
	allNames  = kindNames{0x1001: "order.placed", 0x1002: "order.settled", 0x1003: "order.shipped"}
)

const namesFile = kindnames.FileName

// openNamed opens a store with some names and closes it. It returns what was logged.
func openNamed(t *testing.T, p place, names kindNames) []logged {
	t.Helper()
	c := capture()
	s, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs, Logger: slog.New(c), KindNames: names})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	var lines []logged
	for _, l := range c.take(t, p) {
		if l.level > slog.LevelInfo {
			lines = append(lines, l)
		}
	}
	return lines
}

func (p place) names(t *testing.T) kindNames {
	t.Helper()
	names, err := host.ReadKindNames(p.fs, p.dir)
	require.NoError(t, err)
	return names
}

// TestKindNames: an open adds names and keeps those that it does not know.
func TestKindNames(t *testing.T) {
	p := inMemory(t)
	require.Empty(t, p.names(t))
	require.Empty(t, openNamed(t, p, nil))
	require.NotContains(t, listNames(t, p), namesFile, "without names there is no file")

	require.Empty(t, openNamed(t, p, oldNames))
	require.Equal(t, oldNames, p.names(t))
	require.Empty(t, openNamed(t, p, moreNames))
	require.Equal(t, allNames, p.names(t))
	require.Empty(t, openNamed(t, p, nil))
	require.Equal(t, allNames, p.names(t))

	s := p.openStore(t, host.Options{})
	appendSome(t, s, "e", 3)
	require.NoError(t, s.Close())
	found, err := host.Verify(t.Context(), p.dir, host.ReaderOptions{FS: p.fs, Logger: quiet}, nil)
	require.NoError(t, err)
	require.NoError(t, found.Err())
	require.Empty(t, found.Notes)
	_, err = host.Rebuild(t.Context(), p.dir, host.RebuildOptions{Options: host.Options{FS: p.fs, Logger: quiet}})
	require.NoError(t, err)
	require.Equal(t, allNames, p.names(t))

	names, err := host.ReadKindNames(p.fs, p.path("nowhere"))
	require.NoError(t, err)
	require.Empty(t, names)
}

func listNames(t *testing.T, p place) (names []string) {
	entries, err := p.fs.ReadDir(p.dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return names
}

// TestInvalidKindName: an open with a name that the file cannot hold creates nothing.
func TestInvalidKindName(t *testing.T) {
	disk := crashfs.New()
	_, err := host.Open(t.Context(), storeDir, host.Options{FS: disk, Logger: quiet, KindNames: kindNames{0x1000: "order placed"}})
	require.ErrorIs(t, err, host.ErrKindName)
	require.Nil(t, disk.Files(storeDir))
}

// TestDamagedKindNames: a damaged file is replaced, one of a later version and what is not
// a file stay. The open succeeds, and says so in the log.
func TestDamagedKindNames(t *testing.T) {
	whole, err := kindnames.Append(nil, oldNames)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		file    []byte
		reason  damage.Reason
		message string
		after   kindNames // nil: the file stays
	}{
		"flipped":         {append([]byte("thaw names 1\n0x1001 a\n"), whole[13:]...), damage.Checksum, "thaw: a damaged file of the names of kinds is replaced", moreNames},
		"empty":           {nil, damage.Magic, "thaw: a damaged file of the names of kinds is replaced", moreNames},
		"cut short":       {whole[:12], damage.Short, "thaw: a damaged file of the names of kinds is replaced", moreNames},
		"a later version": {[]byte("thaw names 2\n…"), damage.Version, "thaw: the names of kinds were not written", nil},
	} {
		p := inMemory(t)
		p.put(t, map[string][]byte{namesFile: c.file})
		_, err := host.ReadKindNames(p.fs, p.dir)
		var refused *host.Refusal
		require.ErrorAs(t, err, &refused, name)
		require.Equal(t, namesFile, refused.File)
		require.Equal(t, c.reason, refused.Reason, name)

		lines := openNamed(t, p, moreNames)
		require.Len(t, lines, 1, name)
		require.Equal(t, c.message, lines[0].message, name)
		require.Contains(t, lines[0].attrs["error"], string(c.reason), name)
		if c.after == nil {
			require.Equal(t, c.file, p.read(t, namesFile), name)
			continue
		}
		require.Equal(t, c.after, p.names(t), name)
	}
}

// TestOddKindNames: a directory under the file's names stays, and the store opens.
func TestOddKindNames(t *testing.T) {
	for _, name := range []string{namesFile, namesFile + ".tmp"} {
		p := inMemory(t)
		require.NoError(t, p.fs.MkdirAll(p.path(name)))
		lines := openNamed(t, p, oldNames)
		require.Len(t, lines, 1, name)
		require.Equal(t, "thaw: the names of kinds were not written", lines[0].message)
		info, err := p.fs.Lstat(p.path(name))
		require.NoError(t, err)
		require.Equal(t, fsabstraction.Directory, info.Type)
		_, err = host.ReadKindNames(p.fs, p.dir)
		require.Equal(t, name == namesFile, errors.Is(err, damage.NotRegular), "%v", err)
	}
}

// TestKindNamesCrash: at any moment the file has the old names or all of them, and the next
// open with the names has all and no other file of theirs.
func TestKindNamesCrash(t *testing.T) {
	for name, before := range map[string]kindNames{"new": nil, "changed": oldNames} {
		t.Run(name, func(t *testing.T) {
			want := maps.Clone(before)
			if want == nil {
				want = kindNames{}
			}
			maps.Copy(want, moreNames)
			open := func(fsys fsabstraction.FS, names kindNames) error {
				s, err := host.Open(context.Background(), storeDir, host.Options{FS: fsys, Logger: quiet, KindNames: names})
				if err != nil {
					return err
				}
				return s.Close()
			}
			old := false // the old names are on disk
			storetest.Crash(t, func(fsys fsabstraction.FS) error {
				old = false
				if before != nil {
					if err := open(fsys, before); err != nil {
						return err
					}
					if err := fsys.(fsabstraction.DirSyncer).SyncDir(storeDir); err != nil {
						return err
					}
					old = true
				}
				return open(fsys, moreNames)
			}, func(fsys fsabstraction.FS) error {
				got, err := host.ReadKindNames(fsys, storeDir)
				if err != nil {
					return err
				}
				if !maps.Equal(got, want) && !maps.Equal(got, before) && (old || len(got) > 0) {
					return fmt.Errorf("the names are %v", got)
				}
				if err := open(fsys, before); err != nil {
					return err
				}
				if err := open(fsys, moreNames); err != nil {
					return err
				}
				if _, err := fsys.Lstat(filepath.Join(storeDir, namesFile+".tmp")); !errors.Is(err, fs.ErrNotExist) {
					return errors.New("a temporary file stays")
				}
				got, err = host.ReadKindNames(fsys, storeDir)
				if err == nil && !maps.Equal(got, want) {
					err = fmt.Errorf("after another open the names are %v", got)
				}
				return err
			})
		})
	}
}

// TestKindNamesFailure: whatever fails about the file, the store opens, the failure is
// logged, and the names are the old ones or all.
func TestKindNamesFailure(t *testing.T) {
	for _, kinds := range []failfs.Kind{failfs.Changes, failfs.Reads, failfs.OpenWrite | failfs.Close} {
		for _, applied := range []bool{false, true} {
			for nth := 1; ; nth++ {
				disk := crashfs.New()
				p := place{disk, storeDir}
				require.Empty(t, openNamed(t, p, oldNames))
				failing := failfs.New(disk)
				f := failing.Fail(failfs.Rule{Kinds: kinds, Pattern: "names.thaw*", Nth: nth, Applied: applied, Err: syscall.EIO})
				lines := openNamed(t, place{failing, storeDir}, moreNames)
				what := fmt.Sprint(kinds, applied, nth)
				if f.Fired() == 0 {
					require.Equal(t, allNames, p.names(t), what)
					break
				}
				got := p.names(t)
				if !maps.Equal(got, allNames) {
					require.Equal(t, oldNames, got, what)
					require.Len(t, lines, 1, what)
					require.Contains(t, lines[0].attrs["error"], syscall.EIO.Error(), what)
				}
				require.Empty(t, openNamed(t, p, moreNames), what)
				require.Equal(t, allNames, p.names(t), what)
			}
		}
	}
	failing := failfs.New(crashfs.New())
	failing.Fail(failfs.Rule{Kinds: failfs.Open, Err: syscall.EACCES})
	_, err := host.ReadKindNames(failing, storeDir)
	require.ErrorIs(t, err, syscall.EACCES)
}

// TestKindNamesCopy: a copy of a live store in the documented order, everything but the
// segments first, has the old names or all of them, and opens without damage.
func TestKindNamesCopy(t *testing.T) {
	skipRace(t)
	disk := crashfs.New()
	var moments []map[string][]byte
	disk.OnOp(func(crashfs.Op) {
		if files := disk.Files(storeDir); files != nil {
			moments = append(moments, files)
		}
	})
	p := place{disk, storeDir}
	for _, names := range []kindNames{oldNames, moreNames} {
		s := p.openStore(t, host.Options{KindNames: names})
		appendSome(t, s, "e", 1)
		require.NoError(t, s.Close())
	}
	require.Greater(t, len(moments), 30)
	seen := map[int]bool{}
	for i, first := range moments {
		for _, then := range moments[i:] {
			files := map[string][]byte{}
			for name, b := range first {
				if filepath.Ext(name) != ".fbat" {
					files[filepath.Join(storeDir, name)] = b
				}
			}
			for name, b := range then {
				if filepath.Ext(name) == ".fbat" {
					files[filepath.Join(storeDir, name)] = b
				}
			}
			p := place{crashfs.FromFiles(files), storeDir}
			names := p.names(t)
			seen[len(names)] = true
			require.True(t, len(names) == 0 || maps.Equal(names, oldNames) || maps.Equal(names, allNames), "%v", names)
			if len(files) == 0 {
				continue
			}
			s := p.openStore(t, host.Options{})
			require.Empty(t, s.Report().Damages)
			require.Equal(t, names, p.names(t))
			require.NotContains(t, listNames(t, p), namesFile+".tmp")
			require.NoError(t, s.Close())
		}
	}
	require.Len(t, seen, 3, "without names, with the old ones, with all")
}
