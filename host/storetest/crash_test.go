package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/storetest"
)

// appending is a program that appends to a store, and keeps the ids that it was told to be
// on disk.
type appending struct {
	told []event.ID
	// early is set when an id counts as told before the append returned.
	early bool
}

func (a *appending) run(fsys fsabstraction.FS) (err error) {
	a.told = nil
	s, err := host.Open(context.Background(), "store", host.Options{FS: fsys, Logger: quiet})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for n := range 3 {
		id := host.KeyOf(fmt.Sprint(n))
		if a.early {
			a.told = append(a.told, id)
		}
		if _, err := s.Append(context.Background(), storetest.At, 0x1002, paid{n}, host.WithKey(id)); err != nil {
			return err
		}
		if !a.early {
			a.told = append(a.told, id)
		}
	}
	return nil
}

func (a *appending) check(fsys fsabstraction.FS) (err error) {
	s, err := host.Open(context.Background(), "store", host.Options{FS: fsys, Logger: quiet})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for _, id := range a.told {
		if _, err := s.Get(context.Background(), id); err != nil {
			return fmt.Errorf("event %s was on disk: %w", id, err)
		}
	}
	return nil
}

// saving is a program that keeps its settings in a file of its own.
type saving struct {
	sync   bool // the file, before the rename
	rename bool // else it is overwritten
	saved  bool
}

const settings = "settings"

func (p *saving) run(fsys fsabstraction.FS) error {
	p.saved = false
	if err := replace(fsys, "first", true); err != nil {
		return err
	}
	save := replace
	if !p.rename {
		save = func(fsys fsabstraction.FS, text string, sync bool) error { return write(fsys, settings, text, sync) }
	}
	if err := save(fsys, "other", p.sync); err != nil {
		return err
	}
	p.saved = true
	return nil
}

func replace(fsys fsabstraction.FS, text string, sync bool) error {
	if err := write(fsys, settings+".new", text, sync); err != nil {
		return err
	}
	if err := fsys.Rename(settings+".new", settings); err != nil {
		return err
	}
	return fsys.(fsabstraction.DirSyncer).SyncDir(".")
}

func (p *saving) check(fsys fsabstraction.FS) error {
	f, err := fsys.Open(settings)
	if errors.Is(err, fs.ErrNotExist) && !p.saved {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	b := make([]byte, 10)
	n, _ := f.ReadAt(b, 0)
	switch text := string(b[:n]); {
	case text == "other", !p.saved && text == "first":
		return nil
	default:
		return fmt.Errorf("settings are %q, saved %v", text, p.saved)
	}
}

func write(fsys fsabstraction.FS, name, text string, sync bool) error {
	f, err := fsys.OpenWrite(name)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = fsys.Create(name)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(text), 0); err != nil {
		return err
	}
	if sync {
		return f.Sync()
	}
	return nil
}

// TestCrash: programs that survive every crash, and some that do not.
func TestCrash(t *testing.T) {
	for name, c := range map[string]struct {
		program interface {
			run(fsabstraction.FS) error
			check(fsabstraction.FS) error
		}
		want []string // of the failure
	}{
		"appends":                     {&appending{}, nil},
		"tells too early":             {&appending{early: true}, []string{"event ", "was on disk", "\nstopped: before operation "}},
		"replaces a file":             {&saving{sync: true, rename: true}, nil},
		"replaces without a sync":     {&saving{rename: true}, []string{`settings are ""`, "probability"}},
		"overwrites":                  {&saving{sync: true}, []string{`settings are "otrst"`, "stopped: before operation 6, WriteAt settings, 5 bytes at 0", "half of this write"}},
		"overwrites, and never syncs": {&saving{}, []string{`settings are`}},
	} {
		t.Run(name, func(t *testing.T) {
			said := failure(t, func(t testing.TB) { storetest.Crash(t, c.program.run, c.program.check) })
			if len(c.want) == 0 {
				require.Empty(t, said)
				return
			}
			for _, want := range c.want {
				require.Contains(t, said, want)
			}
			command := regexp.MustCompile(`repeat:  STORETEST_CRASH=(\S+) go test -run '\^` + regexp.QuoteMeta(t.Name()) + `\$'`)
			require.Regexp(t, command, said)

			t.Setenv(storetest.CrashEnv, command.FindStringSubmatch(said)[1])
			runs := 0
			again := failure(t, func(t testing.TB) {
				storetest.Crash(t, func(fsys fsabstraction.FS) error { runs++; return c.program.run(fsys) }, c.program.check)
			})
			require.Equal(t, said, again)
			require.Equal(t, 1, runs)
		})
	}
}

// TestCrashEveryWrite: a program is stopped at each of its writes, and each outcome is
// checked on a disk of its own.
func TestCrashEveryWrite(t *testing.T) {
	p := &saving{sync: true, rename: true}
	runs, checks := 0, 0
	var atEnd int
	storetest.Crash(t, func(fsys fsabstraction.FS) error {
		runs++
		return p.run(fsys)
	}, func(fsys fsabstraction.FS) error {
		checks++
		if p.saved {
			atEnd++
		}
		if _, err := fsys.Create("mine"); err != nil {
			return err
		}
		return p.check(fsys)
	})
	// Twice Create, WriteAt, Sync, Rename, SyncDir; and the end.
	require.Equal(t, 11, runs)
	require.Equal(t, 11*5+2*3, checks)
	require.Equal(t, 5, atEnd)
}

func TestCrashMisuse(t *testing.T) {
	ok := func(fsabstraction.FS) error { return nil }
	said := failure(t, func(t testing.TB) { storetest.Crash(t, func(fsabstraction.FS) error { return errPaid }, ok) })
	require.Contains(t, said, "the program fails without a crash: "+errPaid.Error())

	said = failure(t, func(t testing.TB) {
		defer func() { recover() }()
		storetest.Crash(t, func(fsys fsabstraction.FS) error {
			if err := fsys.MkdirAll("dir"); err != nil {
				panic(err)
			}
			return nil
		}, ok)
	})
	require.Empty(t, said, "a panic is the program's own failure")

	one := func(fsys fsabstraction.FS) error { return fsys.MkdirAll("dir") }
	for _, program := range []func(fsabstraction.FS) error{ok, one} {
		for _, bad := range []string{"x", "1", "0:killed", "1:nothing", "1:half", "3:killed", "9999:synced"} {
			t.Setenv(storetest.CrashEnv, bad)
			require.NotEmpty(t, failure(t, func(t testing.TB) { storetest.Crash(t, program, ok) }), bad)
		}
		t.Setenv(storetest.CrashEnv, "1:synced")
		require.Empty(t, failure(t, func(t testing.TB) { storetest.Crash(t, program, ok) }))
	}
	t.Setenv(storetest.CrashEnv, "2:synced") // after the end
	require.Empty(t, failure(t, func(t testing.TB) { storetest.Crash(t, one, ok) }))
	require.NotEmpty(t, failure(t, func(t testing.TB) { storetest.Crash(t, ok, ok) }))
}
