package crashfs_test

import (
	"fmt"
	gosync "sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

func TestOnOp(t *testing.T) {
	fsys := crashfs.New()
	require.NoError(t, fsys.MkdirAll("d"))
	var got []string
	fsys.OnOp(func(op crashfs.Op) {
		live := tree(t, fsys.Crash(crashfs.Cut{Survive: 100}), ".")
		got = append(got, fmt.Sprintf("%d %s %s %s %d %q %d | %s",
			op.N, op.Kind, op.Name, op.NewName, op.Offset, op.Data, op.Size, live))
	})
	w, err := fsys.Create("d/a")
	require.NoError(t, err)
	_, err = w.WriteAt([]byte("xyz"), 0)
	require.NoError(t, err)
	_, err = w.WriteAt([]byte("-"), 2)
	require.NoError(t, err)
	require.NoError(t, w.Truncate(2))
	require.NoError(t, w.Sync())
	require.NoError(t, fsys.Rename("d/a", "d/b"))
	require.NoError(t, fsys.SyncDir("d"))
	require.NoError(t, fsys.Remove("d/b"))
	require.NoError(t, fsys.MkdirAll("d/e/f"))

	// Calls that change nothing are no operations.
	_, err = w.WriteAt(nil, 0)
	require.NoError(t, err)
	_, err = w.ReadAt(make([]byte, 1), 0)
	require.NoError(t, err)
	require.NoError(t, fsys.MkdirAll("d/e"))
	_, err = fsys.Create("d/e")
	require.Error(t, err)
	require.Error(t, fsys.Rename("d/e", "d/x"))
	require.Error(t, fsys.Remove("d/e"))
	require.Error(t, fsys.SyncDir("d/x"))
	l, err := fsys.Lock("d/lock")
	require.NoError(t, err)
	require.NoError(t, l.Unlock())
	require.NoError(t, fsys.Rename("d/lock", "d/./lock"))
	require.NoError(t, w.Close())
	require.Error(t, w.Sync())
	fsys.OnOp(nil)
	require.NoError(t, fsys.Remove("d/lock"))

	require.Equal(t, []string{
		`2 Create d/a  0 "" 0 | d/`,
		`3 WriteAt d/a  0 "xyz" 0 | d/ d/a=`,
		`4 WriteAt d/a  2 "-" 0 | d/ d/a=x`,
		`5 Truncate d/a  0 "" 2 | d/ d/a=x`,
		`6 Sync d/a  0 "" 0 | d/ d/a=x`,
		`7 Rename d/a d/b 0 "" 0 | d/ d/a=x`,
		`8 SyncDir d  0 "" 0 | d/ d/b=x`,
		`9 Remove d/b  0 "" 0 | d/ d/b=x`,
		`10 MkdirAll d/e/f  0 "" 0 | d/`,
	}, got)
}

func TestHookRunsAlone(t *testing.T) {
	fsys := crashfs.FromFiles(map[string][]byte{"f": fill('A', 4)})
	var inside atomic.Int32
	last := 0
	fsys.OnOp(func(op crashfs.Op) {
		assert.Equal(t, int32(1), inside.Add(1))
		assert.Equal(t, last+1, op.N)
		last = op.N
		before := fsys.Files(".")
		for range 3 {
			fsys.Crash(crashfs.Cut{Seed: uint64(op.N), Survive: 50})
		}
		assert.Equal(t, before, fsys.Files("."), "something changed while the hook ran")
		inside.Add(-1)
	})
	var wg gosync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			name := fmt.Sprintf("g%d", g)
			for range 30 {
				create(name, 'N')(t, fsys)
				write("f", byte('a'+g), 4, 0)(t, fsys)
				remove(name)(t, fsys)
				l, err := fsys.Lock(name)
				assert.NoError(t, err)
				assert.NoError(t, l.Unlock())
				remove(name)(t, fsys)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 4*30*6, last)
}

func TestStopAfter(t *testing.T) {
	fsys := crashfs.FromFiles(map[string][]byte{"f": fill('A', 4), "g": fill('B', 4)})
	w, err := fsys.OpenWrite("f")
	require.NoError(t, err)
	announced := 0
	fsys.OnOp(func(crashfs.Op) { announced++ })
	fsys.StopAfter(3)
	require.NoError(t, w.Truncate(3))
	require.NoError(t, w.Sync())
	before := fsys.Files(".")
	for name, call := range map[string]func() error{
		"Create":   func() error { _, err := fsys.Create("h"); return err },
		"WriteAt":  func() error { _, err := w.WriteAt(fill('C', 4), 0); return err },
		"Truncate": func() error { return w.Truncate(0) },
		"Sync":     w.Sync,
		"SyncDir":  func() error { return fsys.SyncDir(".") },
		"Rename":   func() error { return fsys.Rename("f", "g") },
		"Remove":   func() error { return fsys.Remove("f") },
		"MkdirAll": func() error { return fsys.MkdirAll("d") },
		"Lock":     func() error { _, err := fsys.Lock("lock"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, call(), crashfs.ErrStopped)
			require.Equal(t, before, fsys.Files("."))
		})
	}
	require.Equal(t, 2, announced)
	_, err = fsys.Crash(crashfs.Cut{Survive: 100}).Create("h")
	require.NoError(t, err, "the next life continues")
	fsys.StopAfter(0)
	require.NoError(t, w.Truncate(0))
}

func TestStopAfterFromTheHook(t *testing.T) {
	fsys := crashfs.FromFiles(map[string][]byte{"f": fill('A', 4)})
	fsys.OnOp(func(op crashfs.Op) {
		if op.Kind == crashfs.Rename {
			fsys.StopAfter(op.N)
		}
	})
	require.NoError(t, fsys.MkdirAll("d"))
	require.ErrorIs(t, fsys.Rename("f", "g"), crashfs.ErrStopped)
	require.ErrorIs(t, fsys.MkdirAll("e"), crashfs.ErrStopped)
	require.Equal(t, "d/ f=A", tree(t, fsys, "."))
}
