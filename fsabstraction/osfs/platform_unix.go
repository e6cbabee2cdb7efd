//go:build unix

package osfs

import (
	"os"
	"syscall"
)

// open does not follow a link and does not wait for a pipe's writer. For a
// regular file O_NONBLOCK means nothing.
func open(name string, flag int, perm os.FileMode) (*os.File, error) {
	return os.OpenFile(name, flag|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, perm)
}

func rename(oldName, newName string) error { return os.Rename(oldName, newName) }
