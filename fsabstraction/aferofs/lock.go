package aferofs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/afero"

	"github.com/thawlog/thaw/fsabstraction"
)

// lock is a lock that is held, or was when f is nil.
type lock struct {
	fs   *FS
	key  any
	name string
	f    afero.File // guarded by fs.mu; open, so that the key means no other file
}

// Lock implements fsabstraction.Locker among the users of this adapter; another
// adapter or process does not see the lock. A file that it makes has
// permissions 0666 before umask, where the afero.Fs knows one.
func (a *FS) Lock(name string) (fsabstraction.Lock, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, err := a.lockFile(name)
	if err != nil {
		return nil, err
	}
	key := lockKey(name, i)
	if a.locked[key] {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: fsabstraction.ErrLocked}
	}
	f, err := a.inner.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	a.locked[key] = true
	return &lock{fs: a, key: key, name: name, f: f}, nil
}

// lockFile describes the regular file name, and makes it when there is none.
func (a *FS) lockFile(name string) (fsabstraction.Info, error) {
	i, err := a.lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		i, err = a.makeLockFile(name)
	}
	if err != nil {
		return fsabstraction.Info{}, err
	}
	if i.Type != fsabstraction.Regular {
		return fsabstraction.Info{}, &fsabstraction.NotRegularError{Op: "lock", Path: name, Type: i.Type}
	}
	return i, nil
}

func (a *FS) makeLockFile(name string) (fsabstraction.Info, error) {
	f, err := a.create(name)
	if err != nil {
		return fsabstraction.Info{}, err
	}
	if err := f.Close(); err != nil {
		return fsabstraction.Info{}, err
	}
	return a.lstat(name)
}

// lockKey falls back on the name, which a rename takes the lock away from, for
// an afero.Fs whose files cannot be told apart.
func lockKey(name string, i fsabstraction.Info) any {
	if i.Identity.Known() {
		return i.Identity
	}
	return filepath.Clean(name)
}

// Unlock implements fsabstraction.Lock. The lock is free whatever it returns. It
// may be called from several goroutines at once; one of them frees the lock.
func (l *lock) Unlock() error {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	if l.f == nil {
		return &fs.PathError{Op: "unlock", Path: l.name, Err: fs.ErrClosed}
	}
	f := l.f
	l.f = nil
	delete(l.fs.locked, l.key)
	return f.Close()
}
