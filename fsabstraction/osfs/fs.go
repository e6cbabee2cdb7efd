package osfs

import (
	"os"

	"github.com/thawlog/thaw/fsabstraction"
)

// FS is the file system of the running process. Its zero value is ready to use, and all
// values are equal. Its files are fsabstraction.PathFile. Relative names start at the
// working directory.
type FS struct{}

var (
	_ fsabstraction.FS        = FS{}
	_ fsabstraction.DirSyncer = FS{}
	_ fsabstraction.Locker    = FS{}
	_ fsabstraction.DirTimer  = FS{}
)

// ReadDir implements fsabstraction.ReadFS.
func (FS) ReadDir(dir string) ([]fsabstraction.Entry, error) {
	list, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err // without the entries read so far
	}
	entries := make([]fsabstraction.Entry, len(list))
	for i, e := range list {
		entries[i] = fsabstraction.Entry{Name: e.Name(), Type: fsabstraction.TypeOf(e.Type())}
	}
	return entries, nil
}

// Rename implements fsabstraction.FS.
func (FS) Rename(oldName, newName string) error {
	if err := requireRegular("rename", oldName); err != nil {
		return err
	}
	if err := requireRegular("rename", newName); err != nil && !os.IsNotExist(err) {
		return err
	}
	return rename(oldName, newName)
}

// Remove implements fsabstraction.FS.
func (FS) Remove(name string) error {
	return os.Remove(name)
}

// MkdirAll implements fsabstraction.FS. Permissions are 0777 before umask.
func (FS) MkdirAll(dir string) error {
	return os.MkdirAll(dir, 0o777)
}

// DirTimes implements fsabstraction.DirTimer. It is true on Unix, whose standard demands it.
func (FS) DirTimes() bool { return dirTimes }
