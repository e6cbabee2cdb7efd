package aferofs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/afero"

	"github.com/thawlog/thaw/fsabstraction"
)

// lock is a held lock; f is nil after Unlock.
type lock struct {
	fs   *FS
	key  any
	name string
	f    afero.File // guarded by fs.mu; kept open so that no other file gets the key
}

// Lock implements fsabstraction.Locker among the users of this adapter; other adapters and
// processes do not see the lock. A file it creates has permissions 0666 before umask, where
// the afero.Fs supports them.
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

// lockFile describes the regular file name, creating it if needed.
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

// lockKey returns the file's identity, or its name on an afero.Fs that cannot identify
// files; there a rename loses the lock.
func lockKey(name string, i fsabstraction.Info) any {
	if i.Identity.Known() {
		return i.Identity
	}
	return filepath.Clean(name)
}

// Unlock implements fsabstraction.Lock. The lock is free even if Unlock returns an error.
// Of several concurrent calls one frees the lock.
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
