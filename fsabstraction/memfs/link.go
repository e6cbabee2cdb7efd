package memfs

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/thawlog/thaw/fsabstraction"
)

var (
	_ fsabstraction.Linker     = (*FS)(nil)
	_ fsabstraction.Cloner     = (*FS)(nil)
	_ fsabstraction.DirRenamer = (*FS)(nil)
)

// Link implements fsabstraction.Linker.
func (f *FS) Link(oldName, newName string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	linked, err := f.regular("link", oldName)
	if err != nil {
		return err
	}
	dir, last, err := f.parent("link", newName)
	if err != nil {
		return err
	}
	if _, ok := dir.entries[last]; ok {
		return pathError("link", newName, fs.ErrExist)
	}
	linked.link()
	dir.entries[last] = &node{file: linked}
	return nil
}

// Clone implements fsabstraction.Cloner. It copies the bytes.
func (f *FS) Clone(dst fsabstraction.WriteFile, src fsabstraction.File) error {
	var from *handle
	switch src := src.(type) {
	case *handle:
		from = src
	case *writeHandle:
		from = &src.handle
	default:
		return errors.ErrUnsupported
	}
	to, ok := dst.(*writeHandle)
	if !ok || to.size != from.size {
		return errors.ErrUnsupported
	}
	if err := from.open("clone"); err != nil {
		return err
	}
	from.mu.RLock()
	content := slices.Clone(from.content)
	from.mu.RUnlock()
	_, err := to.WriteAt(content, 0)
	return err
}

// RenameDir implements fsabstraction.DirRenamer.
func (f *FS) RenameDir(oldName, newName string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	moved, err := f.find("rename", oldName, split(oldName))
	if err != nil {
		return err
	}
	if moved.entries == nil {
		return pathError("rename", oldName, errNotDirectory)
	}
	from, first, err := f.parent("rename", oldName)
	if err != nil {
		return err
	}
	to, last, err := f.parent("rename", newName)
	if err != nil {
		return err
	}
	if _, ok := to.entries[last]; ok {
		return pathError("rename", newName, fs.ErrExist)
	}
	old, parts := split(oldName), split(newName)
	if len(parts) > len(old) && slices.Equal(parts[:len(old)], old) { // into itself
		return pathError("rename", newName, fs.ErrInvalid)
	}
	to.entries[last] = moved
	delete(from.entries, first)
	return nil
}
