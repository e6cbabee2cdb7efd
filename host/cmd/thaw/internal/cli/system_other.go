//go:build !windows

package cli

import (
	"errors"
	"syscall"
)

// pipeClosed reports whether a write failed because the reader closed the pipe.
func pipeClosed(err error) bool { return errors.Is(err, syscall.EPIPE) }

// notDirectory reports whether err means that a path is not a directory.
func notDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
