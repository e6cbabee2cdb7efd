package failfs

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
	return s.do(Op{Kind: Link, Name: oldName, NewName: newName}, func() error {
		l, ok := s.inner.(fsabstraction.Linker)
		if !ok {
			return &fs.PathError{Op: "link", Path: newName, Err: errors.ErrUnsupported}
		}
		return l.Link(oldName, newName)
	})
}

// Clone implements fsabstraction.Cloner.
func (s *FS) Clone(dst fsabstraction.WriteFile, src fsabstraction.File) error {
	to, ok := dst.(*writeFile)
	var from *file
	switch src := src.(type) {
	case *file:
		from = src
	case *writeFile:
		from = &src.file
	}
	if !ok || from == nil {
		return errors.ErrUnsupported
	}
	return s.do(Op{Kind: Clone, Name: to.name, NewName: from.name}, func() error {
		c, ok := s.inner.(fsabstraction.Cloner)
		if !ok {
			return &fs.PathError{Op: "clone", Path: to.name, Err: errors.ErrUnsupported}
		}
		return c.Clone(to.inner, from.inner)
	})
}

// RenameDir implements fsabstraction.DirRenamer.
func (s *FS) RenameDir(oldName, newName string) error {
	return s.do(Op{Kind: RenameDir, Name: oldName, NewName: newName}, func() error {
		d, ok := s.inner.(fsabstraction.DirRenamer)
		if !ok {
			return &fs.PathError{Op: "rename", Path: oldName, Err: errors.ErrUnsupported}
		}
		return d.RenameDir(oldName, newName)
	})
}
