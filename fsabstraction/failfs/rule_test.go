package failfs_test

import (
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
)

// setup is a file system with the file f, open as w, and a held lock.
type setup struct {
	inner *crashfs.FS
	fs    *failfs.FS
	r     fsabstraction.File
	w     fsabstraction.WriteFile
	lock  fsabstraction.Lock
}

func newSetup(t *testing.T) setup {
	inner := crashfs.FromFiles(map[string][]byte{"f": []byte("0123456789"), "g": nil, "held": nil})
	s := setup{inner: inner, fs: failfs.New(inner)}
	var err error
	s.r, err = s.fs.Open("f")
	require.NoError(t, err)
	s.w, err = s.fs.OpenWrite("f")
	require.NoError(t, err)
	s.lock, err = s.fs.Lock("held")
	require.NoError(t, err)
	return s
}

var errDisk = errors.New("disk on fire")

// Each operation fails once without and once with effect; done reports whether it took
// effect.
var operations = []struct {
	name string
	kind failfs.Kind
	call func(s setup) error
	done func(s setup) bool // nil where nothing shows it
	must bool               // always takes effect
}{
	{"ReadDir", failfs.ReadDir, func(s setup) error { _, err := s.fs.ReadDir("."); return err }, nil, false},
	{"Open", failfs.Open, func(s setup) error { _, err := s.fs.Open("f"); return err }, nil, false},
	{"Lstat", failfs.Lstat, func(s setup) error { _, err := s.fs.Lstat("f"); return err }, nil, false},
	{"ReadAt", failfs.ReadAt, func(s setup) error { _, err := s.r.ReadAt(make([]byte, 4), 0); return err }, nil, false},
	{"ReadAt of a writer", failfs.ReadAt, func(s setup) error { _, err := s.w.ReadAt(make([]byte, 4), 0); return err }, nil, false},
	{"Size", failfs.Stat, func(s setup) error { _, err := s.r.Size(); return err }, nil, false},
	{"Stat", failfs.Stat, func(s setup) error { _, err := s.r.Stat(); return err }, nil, false},
	{"OpenWrite", failfs.OpenWrite, func(s setup) error { _, err := s.fs.OpenWrite("f"); return err }, nil, false},
	{"Create", failfs.Create, func(s setup) error { _, err := s.fs.Create("new"); return err },
		func(s setup) bool { return s.inner.Files(".")["new"] != nil }, false},
	{"Rename", failfs.Rename, func(s setup) error { return s.fs.Rename("f", "g") },
		func(s setup) bool { return s.inner.Files(".")["f"] == nil }, false},
	{"Remove", failfs.Remove, func(s setup) error { return s.fs.Remove("f") },
		func(s setup) bool { return s.inner.Files(".")["f"] == nil }, false},
	{"MkdirAll", failfs.MkdirAll, func(s setup) error { return s.fs.MkdirAll("d") },
		func(s setup) bool { return s.inner.Files("d") != nil }, false},
	{"SyncDir", failfs.SyncDir, func(s setup) error { s.inner.Remove("g"); return s.fs.SyncDir(".") },
		func(s setup) bool { return s.inner.Crash(crashfs.Cut{}).Files(".")["g"] == nil }, false},
	{"Lock", failfs.Lock, func(s setup) error { _, err := s.fs.Lock("new"); return err },
		func(s setup) bool { return s.inner.Files(".")["new"] != nil }, false},
	{"WriteAt", failfs.WriteAt, func(s setup) error { _, err := s.w.WriteAt([]byte("xyz"), 0); return err },
		func(s setup) bool { return string(s.inner.Files(".")["f"]) == "xyz3456789" }, false},
	{"Truncate", failfs.Truncate, func(s setup) error { return s.w.Truncate(0) },
		func(s setup) bool { return len(s.inner.Files(".")["f"]) == 0 }, false},
	{"Sync", failfs.Sync, func(s setup) error { s.w.Truncate(3); return s.w.Sync() },
		func(s setup) bool { return len(s.inner.Crash(crashfs.Cut{}).Files(".")["f"]) == 3 }, false},
	{"Close", failfs.Close, func(s setup) error { return s.w.Close() },
		func(s setup) bool { _, err := s.w.Size(); return errors.Is(err, fs.ErrClosed) }, true},
	{"Unlock", failfs.Unlock, func(s setup) error { return s.lock.Unlock() },
		func(s setup) bool { _, err := s.inner.Lock("held"); return err == nil }, true},
}

func TestEveryOperationFails(t *testing.T) {
	for _, op := range operations {
		for name, applied := range map[string]bool{"without effect": false, "with effect": true} {
			t.Run(op.name+"/"+name, func(t *testing.T) {
				s := newSetup(t)
				fault := s.fs.Fail(failfs.Rule{Kinds: op.kind, Err: errDisk, Applied: applied})
				require.Equal(t, errDisk, op.call(s), "as it is")
				require.Equal(t, 1, fault.Fired())
				if op.done != nil {
					require.Equal(t, applied || op.must, op.done(s))
				}
			})
		}
		t.Run(op.name+"/of other kinds", func(t *testing.T) {
			s := newSetup(t)
			fault := s.fs.Fail(failfs.Rule{Kinds: ^op.kind &^ failfs.Truncate, Err: errDisk, Forever: true})
			require.NoError(t, op.call(s))
			require.Zero(t, fault.Matched())
		})
	}
}

func TestWhichOperationFails(t *testing.T) {
	type rule = failfs.Rule
	for _, test := range []struct {
		name string
		rule rule
		want string // of six Lstats: a b a b a b
	}{
		{"the first", rule{}, "x....."},
		{"the third", rule{Nth: 3}, "..x..."},
		{"the third and later", rule{Nth: 3, Forever: true}, "..xxxx"},
		{"all", rule{Forever: true}, "xxxxxx"},
		{"more than there are", rule{Nth: 7, Forever: true}, "......"},
		{"of a pattern", rule{Pattern: "[b-z]*", Nth: 2}, "...x.."},
		{"of a function", rule{Match: func(op failfs.Op) bool { return op.Name == "d/b" }, Forever: true}, ".x.x.x"},
		{"of another kind", rule{Kinds: failfs.Changes, Forever: true}, "......"},
		{"of kinds", rule{Kinds: failfs.Reads, Nth: 2}, ".x...."},
	} {
		t.Run(test.name, func(t *testing.T) {
			fsys := failfs.New(crashfs.FromFiles(map[string][]byte{"d/a": nil, "d/b": nil}))
			fault := fsys.Fail(test.rule)
			got := ""
			for range 3 {
				for _, name := range []string{"d/a", "d/b"} {
					if _, err := fsys.Lstat(name); err != nil {
						require.ErrorIs(t, err, failfs.ErrInjected)
						got += "x"
					} else {
						got += "."
					}
				}
			}
			require.Equal(t, test.want, got)
			require.Equal(t, strings.Count(test.want, "x"), fault.Fired())
		})
	}
}

func TestPatternOfRename(t *testing.T) {
	s := newSetup(t)
	s.fs.Fail(failfs.Rule{Pattern: "new"})
	require.ErrorIs(t, s.fs.Rename("f", "new"), failfs.ErrInjected)
	s.fs.Fail(failfs.Rule{Pattern: ".", Kinds: failfs.Remove, Forever: true})
	require.NoError(t, s.fs.Remove("f"), "an operation without a new name has none that matches")
	require.Panics(t, func() { s.fs.Fail(failfs.Rule{Pattern: "["}) })
}

func TestOpTellsTheCall(t *testing.T) {
	s := newSetup(t)
	var got []failfs.Op
	s.fs.Fail(failfs.Rule{Match: func(op failfs.Op) bool { got = append(got, op); return false }})
	_, err := s.w.WriteAt([]byte("xyz"), 2)
	require.NoError(t, err)
	_, err = s.r.ReadAt(make([]byte, 4), 5)
	require.NoError(t, err)
	require.NoError(t, s.w.Truncate(7))
	require.NoError(t, s.fs.Rename("f", "g"))
	require.Equal(t, []failfs.Op{
		{Kind: failfs.WriteAt, Name: "f", Offset: 2, Len: 3},
		{Kind: failfs.ReadAt, Name: "f", Offset: 5, Len: 4},
		{Kind: failfs.Truncate, Name: "f", Size: 7},
		{Kind: failfs.Rename, Name: "f", NewName: "g"},
	}, got)
}

func TestShort(t *testing.T) {
	for _, test := range []struct {
		name    string
		short   int
		applied bool
		n       int
		want    string
	}{
		{"nothing", 0, false, 0, "0123456789"},
		{"a part", 2, false, 2, "xy23456789"},
		{"all is still short", 9, false, 2, "xy23456789"},
		{"negative", -1, false, 0, "0123456789"},
		{"applied", 0, true, 0, "xyz3456789"},
		{"a part reported, all applied", 1, true, 1, "xyz3456789"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSetup(t)
			s.fs.Fail(failfs.Rule{Kinds: failfs.WriteAt, Short: test.short, Applied: test.applied})
			n, err := s.w.WriteAt([]byte("xyz"), 0)
			require.ErrorIs(t, err, failfs.ErrInjected)
			require.Equal(t, test.n, n)
			require.Equal(t, test.want, string(s.inner.Files(".")["f"]))

			s.fs.Fail(failfs.Rule{Kinds: failfs.ReadAt, Short: test.short})
			p := make([]byte, 3)
			m, err := s.r.ReadAt(p, 5)
			require.ErrorIs(t, err, failfs.ErrInjected)
			require.Equal(t, max(0, min(test.short, 2)), m)
			require.Equal(t, "567"[:m], string(p[:m]))

			s.fs.Fail(failfs.Rule{Kinds: failfs.WriteAt, Short: test.short})
			n, err = s.w.WriteAt(nil, 0)
			require.ErrorIs(t, err, failfs.ErrInjected)
			require.Zero(t, n)
		})
	}
}

// A handle opened by a failed call would otherwise stay open.
func TestAppliedReleases(t *testing.T) {
	s := newSetup(t)
	s.fs.Fail(failfs.Rule{Kinds: failfs.Lock, Applied: true})
	l, err := s.fs.Lock("lock")
	require.ErrorIs(t, err, failfs.ErrInjected)
	require.Nil(t, l)
	_, err = s.inner.Lock("lock")
	require.NoError(t, err)

	leaks := &counting{FS: s.inner}
	fsys := failfs.New(leaks)
	fsys.Fail(failfs.Rule{Applied: true, Forever: true})
	r, err := fsys.Open("f")
	require.ErrorIs(t, err, failfs.ErrInjected)
	require.Nil(t, r)
	w, err := fsys.OpenWrite("f")
	require.ErrorIs(t, err, failfs.ErrInjected)
	require.Nil(t, w)
	_, err = fsys.Open("missing")
	require.ErrorIs(t, err, failfs.ErrInjected)
	require.Equal(t, 2, leaks.opened)
	require.Equal(t, 2, leaks.closed)
}

// counting counts the handles it returned.
type counting struct {
	fsabstraction.FS
	opened, closed int
}

type countedFile struct {
	fsabstraction.WriteFile
	c *counting
}

func (f countedFile) Close() error {
	f.c.closed++
	return f.WriteFile.Close()
}

func (c *counting) Open(name string) (fsabstraction.File, error) { return c.OpenWrite(name) }

func (c *counting) OpenWrite(name string) (fsabstraction.WriteFile, error) {
	w, err := c.FS.OpenWrite(name)
	if err != nil {
		return nil, err
	}
	c.opened++
	return countedFile{w, c}, nil
}

func TestSeveralRules(t *testing.T) {
	s := newSetup(t)
	first := s.fs.Fail(failfs.Rule{Kinds: failfs.Lstat, Nth: 2})
	second := s.fs.Fail(failfs.Rule{Nth: 2, Err: errDisk, Forever: true})
	lstat := func() error { _, err := s.fs.Lstat("f"); return err }
	require.NoError(t, lstat())
	require.Equal(t, failfs.ErrInjected, lstat(), "the first decides")
	require.Equal(t, errDisk, lstat())
	require.Equal(t, []int{3, 1, 3, 1}, []int{first.Matched(), first.Fired(), second.Matched(), second.Fired()})
	second.Remove()
	second.Remove()
	require.NoError(t, lstat())
	require.Equal(t, []int{4, 1, 3, 1}, []int{first.Matched(), first.Fired(), second.Matched(), second.Fired()})
}

func TestConcurrent(t *testing.T) {
	s := newSetup(t)
	unlocked := 0
	fault := s.fs.Fail(failfs.Rule{Kinds: failfs.ReadAt, Nth: 100, Match: func(failfs.Op) bool { unlocked++; return true }})
	var wg sync.WaitGroup
	failed := make(chan error, 400)
	for range 4 {
		wg.Go(func() {
			for range 100 {
				if _, err := s.r.ReadAt(make([]byte, 2), 0); err != nil {
					failed <- err
				}
				assert.LessOrEqual(t, fault.Fired(), 1)
			}
		})
	}
	wg.Wait()
	require.Len(t, failed, 1)
	require.Equal(t, 400, fault.Matched())
	require.Equal(t, 400, unlocked)
}
