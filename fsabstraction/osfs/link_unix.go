//go:build unix

package osfs

import (
	"errors"
	"syscall"
)

// unlinkable reports whether a failed link means that the file must be copied instead. Linux
// returns EPERM for a file of somebody else that the process cannot write, and for a file
// system without links.
func unlinkable(err error) bool {
	for _, errno := range []error{syscall.EXDEV, syscall.EPERM, syscall.EMLINK, errors.ErrUnsupported} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}
