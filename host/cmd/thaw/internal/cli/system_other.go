//go:build !windows

package cli

import (
	"errors"
	"syscall"
)

// pipeClosed reports whether a write failed because nobody reads any more.
func pipeClosed(err error) bool { return errors.Is(err, syscall.EPIPE) }

// notDirectory reports whether something else lies where a directory was
// expected.
func notDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
