//go:build unix

package osfs

import (
	"os"
	"syscall"
)

// noFollow makes an open fail on a link and not wait for a pipe's other end. O_NONBLOCK has
// no effect on a regular file.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// open neither follows a link nor waits for a pipe's writer.
func open(name string, flag int, perm os.FileMode) (*os.File, error) {
	return os.OpenFile(name, flag|noFollow, perm)
}

func rename(oldName, newName string) error { return os.Rename(oldName, newName) }

const dirTimes = true
