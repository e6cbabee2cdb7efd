//go:build unix

package osfs

import (
	"os"
	"syscall"
)

// noFollow makes an open fail on a link and not wait for a pipe's other end.
// For a regular file O_NONBLOCK means nothing.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// open does not follow a link and does not wait for a pipe's writer.
func open(name string, flag int, perm os.FileMode) (*os.File, error) {
	return os.OpenFile(name, flag|noFollow, perm)
}

func rename(oldName, newName string) error { return os.Rename(oldName, newName) }
