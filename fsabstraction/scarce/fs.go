package scarce

import (
	"errors"
	"io/fs"

	"github.com/thawlog/thaw/fsabstraction"
)

// Read returns inner with retried calls. Do not call its methods while holding a lock that
// a [Holder] takes.
func Read(inner fsabstraction.ReadFS) fsabstraction.ReadFS {
	switch inner.(type) {
	case readFS, writeFS:
		return inner
	}
	return readFS{inner}
}

// Write is Read for a writable file system. It always has the methods of DirSyncer,
// Locker, Linker, Cloner and DirRenamer; where inner lacks the ability they return errors.ErrUnsupported, as the
// interfaces allow.
func Write(inner fsabstraction.FS) fsabstraction.FS {
	if w, ok := inner.(writeFS); ok {
		return w
	}
	return writeFS{readFS: readFS{inner}, inner: inner}
}

// Inner returns the file system wrapped by Read or Write, and any other unchanged.
func Inner(f fsabstraction.ReadFS) fsabstraction.ReadFS {
	switch f := f.(type) {
	case readFS:
		return f.ReadFS
	case writeFS:
		return f.inner
	}
	return f
}

type readFS struct{ fsabstraction.ReadFS }

func (r readFS) Open(name string) (fsabstraction.File, error) {
	return retry(func() (fsabstraction.File, error) { return r.ReadFS.Open(name) })
}

func (r readFS) ReadDir(dir string) ([]fsabstraction.Entry, error) {
	return retry(func() ([]fsabstraction.Entry, error) { return r.ReadFS.ReadDir(dir) })
}

type writeFS struct {
	readFS
	inner fsabstraction.FS
}

var (
	_ fsabstraction.FS        = writeFS{}
	_ fsabstraction.DirSyncer = writeFS{}
	_ fsabstraction.Locker    = writeFS{}

	_ fsabstraction.Linker     = writeFS{}
	_ fsabstraction.Cloner     = writeFS{}
	_ fsabstraction.DirRenamer = writeFS{}
)

func (w writeFS) Create(name string) (fsabstraction.WriteFile, error) {
	return retry(func() (fsabstraction.WriteFile, error) { return w.inner.Create(name) })
}

func (w writeFS) OpenWrite(name string) (fsabstraction.WriteFile, error) {
	return retry(func() (fsabstraction.WriteFile, error) { return w.inner.OpenWrite(name) })
}

func (w writeFS) Rename(oldName, newName string) error { return w.inner.Rename(oldName, newName) }
func (w writeFS) Remove(name string) error             { return w.inner.Remove(name) }
func (w writeFS) MkdirAll(dir string) error            { return w.inner.MkdirAll(dir) }

// SyncDir retries only if nothing was synced: a failed sync is never repeated.
func (w writeFS) SyncDir(dir string) error {
	d, ok := w.inner.(fsabstraction.DirSyncer)
	if !ok {
		return &fs.PathError{Op: "sync", Path: dir, Err: errors.ErrUnsupported}
	}
	err := d.SyncDir(dir)
	for try := 1; try < Tries && errors.Is(err, fsabstraction.ErrNotTried) && TooManyOpen(err) && CloseIdle() > 0; try++ {
		err = d.SyncDir(dir)
	}
	return err
}

func (w writeFS) Lock(name string) (fsabstraction.Lock, error) {
	l, ok := w.inner.(fsabstraction.Locker)
	if !ok {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: errors.ErrUnsupported}
	}
	return retry(func() (fsabstraction.Lock, error) { return l.Lock(name) })
}

func (w writeFS) Link(oldName, newName string) error {
	l, ok := w.inner.(fsabstraction.Linker)
	if !ok {
		return &fs.PathError{Op: "link", Path: newName, Err: errors.ErrUnsupported}
	}
	return l.Link(oldName, newName)
}

func (w writeFS) Clone(dst fsabstraction.WriteFile, src fsabstraction.File) error {
	c, ok := w.inner.(fsabstraction.Cloner)
	if !ok {
		return errors.ErrUnsupported
	}
	return c.Clone(dst, src)
}

func (w writeFS) RenameDir(oldName, newName string) error {
	d, ok := w.inner.(fsabstraction.DirRenamer)
	if !ok {
		return &fs.PathError{Op: "rename", Path: oldName, Err: errors.ErrUnsupported}
	}
	return d.RenameDir(oldName, newName)
}
