package osfs

import (
	"os"
	"path/filepath"
	"syscall"
)

// noFollow makes os.OpenFile open a link itself, which the type check then refuses.
const noFollow = syscall.FILE_FLAG_OPEN_REPARSE_POINT

// open uses an os.Root because that opens with FILE_SHARE_DELETE. With os.OpenFile, one
// reader's handle would make the writer's Rename fail.
func open(name string, flag int, perm os.FileMode) (*os.File, error) {
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.OpenFile(filepath.Base(name), flag, perm)
}

// rename uses an os.Root because that renames with POSIX semantics, where an open file can
// be replaced. Between two directories there is no such call, and an open target is an
// error.
func rename(oldName, newName string) error {
	dir := filepath.Dir(oldName)
	if dir != filepath.Dir(newName) {
		return os.Rename(oldName, newName)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return root.Rename(filepath.Base(oldName), filepath.Base(newName))
}

const dirTimes = false
