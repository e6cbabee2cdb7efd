package crashfs

import (
	"errors"
	"io/fs"

	"github.com/thawlog/thaw/fsabstraction"
)

var (
	_ fsabstraction.Linker     = (*FS)(nil)
	_ fsabstraction.Cloner     = (*FS)(nil)
	_ fsabstraction.DirRenamer = (*FS)(nil)
)

// Link implements fsabstraction.Linker.
func (s *FS) Link(oldName, newName string) error {
	return s.mutate(Op{Kind: Link, Name: oldName, NewName: newName}, func() (func(), error) {
		f, err := s.regular("link", oldName)
		if err != nil {
			return nil, err
		}
		d, base, err := s.parent("link", newName)
		if err != nil {
			return nil, err
		}
		if _, ok := d.live.get(base); ok {
			return nil, &fs.PathError{Op: "link", Path: newName, Err: fs.ErrExist}
		}
		return func() { s.record(change{dir: d, entry: entry{name: base, file: f}}) }, nil
	})
}

// Clone implements fsabstraction.Cloner. Like a write, it is durable once dst is synced.
func (s *FS) Clone(dst fsabstraction.WriteFile, src fsabstraction.File) error {
	var from *handle
	switch src := src.(type) {
	case *handle:
		from = src
	case *writeHandle:
		from = &src.handle
	}
	to, ok := dst.(*writeHandle)
	if !ok || from == nil || to.fs != s || from.fs != s {
		return errors.ErrUnsupported
	}
	return s.mutate(Op{Kind: Clone, Name: to.path, NewName: from.path}, func() (func(), error) {
		if err := errors.Join(to.check("clone"), from.check("clone")); err != nil {
			return nil, err
		}
		p := make([]byte, from.file.live.size)
		from.file.live.read(p, 0)
		return func() { to.file.write(p, 0) }, nil
	})
}

// RenameDir implements fsabstraction.DirRenamer.
func (s *FS) RenameDir(oldName, newName string) error {
	return s.mutate(Op{Kind: RenameDir, Name: oldName, NewName: newName}, func() (func(), error) {
		moved, err := s.directory("rename", oldName)
		if err != nil {
			return nil, err
		}
		from, oldBase, err := s.parent("rename", oldName)
		if err != nil {
			return nil, err
		}
		to, newBase, err := s.parent("rename", newName)
		if err != nil {
			return nil, err
		}
		if _, ok := to.live.get(newBase); ok {
			return nil, &fs.PathError{Op: "rename", Path: newName, Err: fs.ErrExist}
		}
		return func() {
			s.record(change{dir: to, entry: entry{name: newBase, dir: moved}, from: from, oldName: oldBase})
		}, nil
	})
}
