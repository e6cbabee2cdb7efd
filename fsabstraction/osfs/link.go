package osfs

import (
	"errors"
	"io/fs"
	"os"

	"github.com/thawlog/thaw/fsabstraction"
)

var (
	_ fsabstraction.Linker     = FS{}
	_ fsabstraction.Cloner     = FS{}
	_ fsabstraction.DirRenamer = FS{}
)

// Link implements fsabstraction.Linker. It follows no link.
func (FS) Link(oldName, newName string) error {
	if err := requireRegular("link", oldName); err != nil {
		return err
	}
	err := os.Link(oldName, newName)
	if err != nil && unlinkable(err) {
		return &unsupportedError{err}
	}
	return err
}

// Clone implements fsabstraction.Cloner: reflinks, on Linux. Btrfs, XFS, bcachefs and
// OCFS2 have them, and NFS 4.2 on a server that has.
func (FS) Clone(dst fsabstraction.WriteFile, src fsabstraction.File) error {
	to, ok := dst.(*writeFile)
	if !ok {
		return errors.ErrUnsupported
	}
	var from *os.File
	switch src := src.(type) {
	case *file:
		from = src.f
	case *writeFile:
		from = src.f
	default:
		return errors.ErrUnsupported
	}
	return clone(to.f, from)
}

// RenameDir implements fsabstraction.DirRenamer.
func (FS) RenameDir(oldName, newName string) error {
	info, err := os.Lstat(oldName)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "rename", Path: oldName, Err: errors.New("not a directory")}
	}
	if err != nil {
		return err
	}
	switch _, err := os.Lstat(newName); {
	case err == nil:
		return &fs.PathError{Op: "rename", Path: newName, Err: fs.ErrExist}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return os.Rename(oldName, newName)
}

// unsupportedError is an error of the system of class errors.ErrUnsupported.
type unsupportedError struct{ err error }

func (e *unsupportedError) Error() string        { return e.err.Error() }
func (e *unsupportedError) Unwrap() error        { return e.err }
func (e *unsupportedError) Is(target error) bool { return target == errors.ErrUnsupported }
