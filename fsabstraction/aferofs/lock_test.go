package aferofs_test

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/aferofs"
)

// observed fails the test when a call that changes names overlaps any other call, which
// MemMapFs survives only by luck. It stretches each call so that calls that may overlap do.
type observed struct {
	afero.Fs
	t       *testing.T
	running atomic.Int32 // all calls
	changes atomic.Int32 // those that change names
}

func (o *observed) call(what string, change bool) (end func()) {
	if change {
		o.changes.Add(1)
	}
	others := o.running.Add(1) - 1
	check := func(others int32) {
		if o.changes.Load() > 0 && others > 0 {
			assert.Fail(o.t, "a change of names overlaps another call", what)
		}
	}
	check(others)
	for range 50 {
		runtime.Gosched()
	}
	return func() {
		check(o.running.Add(-1))
		if change {
			o.changes.Add(-1)
		}
	}
}

func (o *observed) OpenFile(name string, flag int, perm fs.FileMode) (afero.File, error) {
	defer o.call("OpenFile", flag&os.O_CREATE != 0)()
	return o.Fs.OpenFile(name, flag, perm)
}

func (o *observed) Open(name string) (afero.File, error) {
	defer o.call("Open", false)()
	return o.Fs.Open(name)
}

func (o *observed) Stat(name string) (fs.FileInfo, error) {
	defer o.call("Stat", false)()
	return o.Fs.Stat(name)
}

func (o *observed) Mkdir(name string, perm fs.FileMode) error {
	defer o.call("Mkdir", true)()
	return o.Fs.Mkdir(name, perm)
}

func (o *observed) Remove(name string) error {
	defer o.call("Remove", true)()
	return o.Fs.Remove(name)
}

func (o *observed) Rename(oldName, newName string) error {
	defer o.call("Rename", true)()
	return o.Fs.Rename(oldName, newName)
}

// Each method runs against Create, and Create against itself, so that any single missing
// lock shows.
func TestNamesChangeOneAtATime(t *testing.T) {
	for _, test := range []struct {
		name string
		call func(fsys *aferofs.FS, i int) error
	}{
		{"Create", func(fsys *aferofs.FS, i int) error { return create(fsys, fmt.Sprintf("other%d", i)) }},
		{"Open", func(fsys *aferofs.FS, _ int) error { _, err := fsys.Open("f"); return err }},
		{"OpenWrite", func(fsys *aferofs.FS, _ int) error { _, err := fsys.OpenWrite("f"); return err }},
		{"ReadDir", func(fsys *aferofs.FS, _ int) error { _, err := fsys.ReadDir("."); return err }},
		{"Lstat", func(fsys *aferofs.FS, _ int) error {
			for range 10 { // one finishes before the first Create gets to its change
				if _, err := fsys.Lstat("f"); err != nil {
					return err
				}
			}
			return nil
		}},
		{"SyncDir", func(fsys *aferofs.FS, _ int) error { return fsys.SyncDir(".") }},
		{"MkdirAll", func(fsys *aferofs.FS, i int) error { return fsys.MkdirAll(fmt.Sprintf("dir%d", i)) }},
		{"Rename", func(fsys *aferofs.FS, _ int) error { return fsys.Rename("f", "f") }},
		{"Lock", func(fsys *aferofs.FS, i int) error { return lock(fsys, fmt.Sprintf("lock%d", i)) }},
		{"Remove", func(fsys *aferofs.FS, i int) error { return fsys.Remove(fmt.Sprintf("old%d", i)) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			const rounds = 10
			o := &observed{Fs: afero.NewMemMapFs(), t: t}
			fsys := aferofs.New(o)
			require.NoError(t, create(fsys, "f"))
			for i := range rounds {
				require.NoError(t, create(fsys, fmt.Sprintf("old%d", i)))
			}
			var wg sync.WaitGroup
			for i := range rounds {
				wg.Go(func() { assert.NoError(t, create(fsys, fmt.Sprintf("new%d", i))) })
				wg.Go(func() { assert.NoError(t, test.call(fsys, i)) })
			}
			wg.Wait()
		})
	}
}

func create(fsys *aferofs.FS, name string) error {
	w, err := fsys.Create(name)
	if err != nil {
		return err
	}
	return w.Close()
}

func lock(fsys *aferofs.FS, name string) error {
	held, err := fsys.Lock(name)
	if err != nil {
		return err
	}
	return held.Unlock()
}
