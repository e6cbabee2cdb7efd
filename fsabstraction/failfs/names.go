package failfs

import (
	"errors"
	"io/fs"

	"github.com/thawlog/thaw/fsabstraction"
)

// ReadDir implements fsabstraction.ReadFS.
func (s *FS) ReadDir(dir string) ([]fsabstraction.Entry, error) {
	return get(s, Op{Kind: ReadDir, Name: dir}, func() ([]fsabstraction.Entry, error) {
		return s.inner.ReadDir(dir)
	}, func([]fsabstraction.Entry) {})
}

// Lstat implements fsabstraction.ReadFS.
func (s *FS) Lstat(name string) (fsabstraction.Info, error) {
	return get(s, Op{Kind: Lstat, Name: name}, func() (fsabstraction.Info, error) {
		return s.inner.Lstat(name)
	}, func(fsabstraction.Info) {})
}

// Rename implements fsabstraction.FS.
func (s *FS) Rename(oldName, newName string) error {
	return s.do(Op{Kind: Rename, Name: oldName, NewName: newName}, func() error {
		return s.inner.Rename(oldName, newName)
	})
}

// Remove implements fsabstraction.FS.
func (s *FS) Remove(name string) error {
	return s.do(Op{Kind: Remove, Name: name}, func() error { return s.inner.Remove(name) })
}

// MkdirAll implements fsabstraction.FS.
func (s *FS) MkdirAll(dir string) error {
	return s.do(Op{Kind: MkdirAll, Name: dir}, func() error { return s.inner.MkdirAll(dir) })
}

// SyncDir implements fsabstraction.DirSyncer.
func (s *FS) SyncDir(dir string) error {
	return s.do(Op{Kind: SyncDir, Name: dir}, func() error {
		d, ok := s.inner.(fsabstraction.DirSyncer)
		if !ok {
			return &fs.PathError{Op: "sync", Path: dir, Err: errors.ErrUnsupported}
		}
		return d.SyncDir(dir)
	})
}
