package osfs

import (
	"os"

	"github.com/thawlog/thaw/fsabstraction"
)

// Open implements fsabstraction.ReadFS.
func (FS) Open(name string) (fsabstraction.File, error) {
	f, err := openExisting(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return &file{f: f, path: name}, nil
}

// OpenWrite implements fsabstraction.FS.
func (FS) OpenWrite(name string) (fsabstraction.WriteFile, error) {
	f, err := openExisting(name, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	return &writeFile{file{f: f, path: name}}, nil
}

// Create implements fsabstraction.FS. Permissions are 0666 before umask.
func (FS) Create(name string) (fsabstraction.WriteFile, error) { return create(name, 0o666) }

// CreatePrivate implements fsabstraction.PrivateCreator. Permissions are 0600.
func (FS) CreatePrivate(name string) (fsabstraction.WriteFile, error) { return create(name, 0o600) }

func create(name string, perm os.FileMode) (fsabstraction.WriteFile, error) {
	// O_EXCL creates a regular file and does not follow links.
	f, err := open(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return nil, err
	}
	return &writeFile{file{f: f, path: name}}, nil
}

func openExisting(name string, flag int) (*os.File, error) {
	if err := requireRegular("open", name); err != nil {
		return nil, err
	}
	return openRegular(name, flag)
}

// openRegular checks the type of the open file, since the name may have been given to
// another file after the check by name.
func openRegular(name string, flag int) (*os.File, error) {
	f, err := open(name, flag, 0)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil {
		err = regular("open", name, fi.Mode())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func requireRegular(op, name string) error {
	fi, err := os.Lstat(name)
	if err != nil {
		return err
	}
	return regular(op, name, fi.Mode())
}

func regular(op, name string, mode os.FileMode) error {
	if t := fsabstraction.TypeOf(mode); t != fsabstraction.Regular {
		return &fsabstraction.NotRegularError{Op: op, Path: name, Type: t}
	}
	return nil
}
