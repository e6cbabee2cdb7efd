package aferofs

import (
	"io/fs"
	"os"

	"github.com/spf13/afero"

	"github.com/thawlog/thaw/fsabstraction"
)

// Open implements fsabstraction.ReadFS.
func (a *FS) Open(name string) (fsabstraction.File, error) {
	f, err := a.openExisting(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return &file{f: f, path: name, cut: &a.cut}, nil
}

// OpenWrite implements fsabstraction.FS.
func (a *FS) OpenWrite(name string) (fsabstraction.WriteFile, error) {
	f, err := a.openExisting(name, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	return &writeFile{file{f: f, path: name, cut: &a.cut}}, nil
}

// Create implements fsabstraction.FS. Permissions are 0666 before umask, where
// the afero.Fs knows one.
func (a *FS) Create(name string) (fsabstraction.WriteFile, error) {
	// MemMapFs checks for the name and creates it in two steps, hence the lock.
	a.mu.Lock()
	defer a.mu.Unlock()
	f, err := a.create(name)
	if err != nil {
		return nil, err
	}
	return &writeFile{file{f: f, path: name, cut: &a.cut}}, nil
}

// create is called with mu held for writing.
func (a *FS) create(name string) (afero.File, error) {
	if err := a.requireParent("open", name); err != nil {
		return nil, err
	}
	if _, err := a.lstat(name); err == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	}
	return a.inner.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
}

func (a *FS) openExisting(name string, flag int) (afero.File, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if err := a.requireRegular("open", name); err != nil {
		return nil, err
	}
	return a.inner.OpenFile(name, flag, 0)
}
