package aferofs

import (
	"errors"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/spf13/afero"

	"github.com/thawlog/thaw/fsabstraction"
)

// FS adapts one afero.Fs. Create it with New.
type FS struct {
	// mu makes check-then-act sequences atomic: methods that change names hold it for
	// writing, the others for reading. Reads and writes of an open file do not take it.
	mu    sync.RWMutex
	inner afero.Fs

	// locked has the keys of the locked files, see lockKey. mu guards it.
	locked map[any]bool

	// cut keeps MemMapFs from reading past an end: a read holds it for reading from the
	// size check to the copy, a truncation holds it for writing. It is taken after the lock
	// of the handle.
	cut sync.RWMutex
}

var (
	_ fsabstraction.FS        = (*FS)(nil)
	_ fsabstraction.DirSyncer = (*FS)(nil)
	_ fsabstraction.Locker    = (*FS)(nil)
)

// New returns an adapter for inner, which must then be used only through this adapter.
func New(inner afero.Fs) *FS {
	return &FS{inner: inner, locked: map[any]bool{}}
}

var (
	errNotDirectory = errors.New("not a directory")
	errNotEmpty     = errors.New("directory not empty")
)

// Rename implements fsabstraction.FS.
func (a *FS) Rename(oldName, newName string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.requireRegular("rename", oldName); err != nil {
		return err
	}
	if err := a.requireRegular("rename", newName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := a.requireParent("rename", newName); err != nil {
		return err
	}
	return a.inner.Rename(oldName, newName)
}

// Remove implements fsabstraction.FS.
func (a *FS) Remove(name string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, err := a.lstat(name)
	if err != nil {
		return err
	}
	if i.Type == fsabstraction.Directory {
		children, err := a.readDir(name)
		if err != nil {
			return err
		}
		if len(children) > 0 {
			return &fs.PathError{Op: "remove", Path: name, Err: errNotEmpty}
		}
	}
	return a.inner.Remove(name)
}

// MkdirAll implements fsabstraction.FS. Permissions are 0777 before umask,
// where the afero.Fs knows one.
func (a *FS) MkdirAll(dir string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.mkdirAll(filepath.Clean(dir))
}

func (a *FS) mkdirAll(dir string) error {
	err := a.requireDirectory("mkdir", dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := a.mkdirAll(parent); err != nil {
			return err
		}
	}
	err = a.inner.Mkdir(dir, 0o777)
	if errors.Is(err, fs.ErrExist) {
		// On a disk another process may have made it meanwhile; a broken link is still an
		// error.
		return a.requireDirectory("mkdir", dir)
	}
	return err
}

// SyncDir implements fsabstraction.DirSyncer by calling Sync on the directory,
// which MemMapFs accepts and ignores.
func (a *FS) SyncDir(dir string) error {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if err := a.requireDirectory("sync", dir); err != nil {
		return err
	}
	d, err := a.inner.Open(dir)
	if err != nil {
		return fsabstraction.NotTried(err)
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}

func (a *FS) requireParent(op, name string) error {
	return a.requireDirectory(op, filepath.Dir(filepath.Clean(name)))
}

// requireDirectory follows links, as a path's directories may be links.
func (a *FS) requireDirectory(op, dir string) error {
	fi, err := a.inner.Stat(dir)
	if err != nil {
		return err
	}
	if !fi.IsDir() {
		return &fs.PathError{Op: op, Path: dir, Err: errNotDirectory}
	}
	return nil
}

func (a *FS) requireRegular(op, name string) error {
	i, err := a.lstat(name)
	if err != nil {
		return err
	}
	if i.Type != fsabstraction.Regular {
		return &fsabstraction.NotRegularError{Op: op, Path: name, Type: i.Type}
	}
	return nil
}
