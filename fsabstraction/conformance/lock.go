package conformance

import (
	"errors"
	"io/fs"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
)

// locker skips the test where files cannot be locked.
func (e env) locker(t *testing.T) fsabstraction.Locker {
	t.Helper()
	l, ok := e.fs.(fsabstraction.Locker)
	if !ok {
		t.Skip("the file system has no locks")
	}
	held, err := l.Lock(e.path("probe"))
	if errors.Is(err, errors.ErrUnsupported) {
		e.requireNames(t, e.dir)
		t.Skipf("no locks here: %v", err)
	}
	require.NoError(t, err)
	require.NoError(t, held.Unlock())
	require.NoError(t, e.fs.Remove(e.path("probe")))
	return l
}

func (e env) lock(t *testing.T, l fsabstraction.Locker, path string) fsabstraction.Lock {
	t.Helper()
	held, err := l.Lock(path)
	require.NoError(t, err)
	t.Cleanup(func() { held.Unlock() }) // the test may have unlocked it
	return held
}

func requireLocked(t *testing.T, l fsabstraction.Locker, path string) {
	t.Helper()
	held, err := l.Lock(path)
	require.ErrorIs(t, err, fsabstraction.ErrLocked)
	require.Nil(t, held)
}

func lockMakesFile(t *testing.T, e env) {
	l := e.locker(t)
	held := e.lock(t, l, e.path("f"))
	i, err := e.fs.Lstat(e.path("f"))
	require.NoError(t, err)
	require.Equal(t, fsabstraction.Regular, i.Type)
	require.Zero(t, i.Size)
	require.NoError(t, held.Unlock())
	e.requireNames(t, e.dir, "f")

	_, err = l.Lock(e.path("missing/f"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	e.requireNames(t, e.dir, "f")
}

func lockExcludes(t *testing.T, e env) {
	l := e.locker(t)
	require.NoError(t, e.fs.MkdirAll(e.path("dir")))
	path := e.path("f")
	for range 3 {
		held := e.lock(t, l, path)
		requireLocked(t, l, path)
		requireLocked(t, l, e.dir+"/dir/../f")
		requireLocked(t, l, path)
		other := e.lock(t, l, e.path("other"))
		require.NoError(t, other.Unlock())
		requireLocked(t, l, path)
		require.NoError(t, held.Unlock())
	}
}

func lockFollowsRename(t *testing.T, e env) {
	e.need(t, ReplaceOpen)
	l := e.locker(t)
	from, to := e.path("from"), e.path("to")
	held := e.lock(t, l, from)
	if err := e.fs.Rename(from, to); err != nil {
		t.Skipf("a locked file cannot be renamed here: %v", err)
	}
	requireLocked(t, l, to)
	another := e.lock(t, l, from)
	require.NoError(t, held.Unlock())
	requireLocked(t, l, from)
	require.NoError(t, e.lock(t, l, to).Unlock())
	require.NoError(t, another.Unlock())
}

func unlockTwice(t *testing.T, e env) {
	l := e.locker(t)
	held := e.lock(t, l, e.path("f"))
	require.NoError(t, held.Unlock())
	require.ErrorIs(t, held.Unlock(), fs.ErrClosed)
	next := e.lock(t, l, e.path("f"))
	require.ErrorIs(t, held.Unlock(), fs.ErrClosed)
	requireLocked(t, l, e.path("f"))
	require.NoError(t, next.Unlock())
}

func lockOnlyRegular(t *testing.T, e env) {
	l := e.locker(t)
	require.NoError(t, e.fs.MkdirAll(e.path("dir")))
	_, err := l.Lock(e.path("dir"))
	requireNotRegular(t, err, fsabstraction.Directory)
	e.requireNames(t, e.path("dir"))
}

func lockLinks(t *testing.T, e env) {
	l := e.locker(t)
	target := e.write(t, "target", []byte("x"))
	for name, to := range map[string]string{"link": target, "broken": e.path("missing")} {
		_, err := l.Lock(e.link(t, to, name))
		requireNotRegular(t, err, fsabstraction.Symlink)
	}
	e.requireNames(t, e.dir, "broken", "link", "target")
	require.NoError(t, e.lock(t, l, target).Unlock())
}

// The first byte keeps its value: where a lock is not advisory, that byte cannot be
// written.
func lockKeepsContents(t *testing.T, e env) {
	l := e.locker(t)
	path := e.write(t, "f", []byte("\nold"))
	held := e.lock(t, l, path)
	w := e.openWrite(t, path)
	n, err := w.WriteAt([]byte("holder"), 1)
	require.NoError(t, err)
	require.Equal(t, 6, n)
	p := make([]byte, 6)
	_, err = e.open(t, path).ReadAt(p, 1)
	require.NoError(t, err)
	require.Equal(t, "holder", string(p))
	require.NoError(t, w.Close())
	requireLocked(t, l, path)
	require.NoError(t, held.Unlock())
	e.requireContents(t, path, "\nholder")
	require.NoError(t, e.lock(t, l, path).Unlock())
	e.requireContents(t, path, "\nholder")
}

func lockConcurrently(t *testing.T, e env) {
	l := e.locker(t)
	for _, name := range []string{"f", "g", "h"} {
		var wg sync.WaitGroup
		var mu sync.Mutex
		var won []fsabstraction.Lock
		start := make(chan struct{})
		for range 8 {
			wg.Go(func() {
				<-start
				held, err := l.Lock(e.path(name))
				if err != nil {
					assert.ErrorIs(t, err, fsabstraction.ErrLocked)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				won = append(won, held)
			})
		}
		close(start)
		wg.Wait()
		require.Len(t, won, 1)
		require.NoError(t, won[0].Unlock())
	}
}
