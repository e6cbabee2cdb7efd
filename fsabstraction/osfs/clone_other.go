//go:build !linux

package osfs

import (
	"errors"
	"os"
)

// clone cannot share bytes here. macOS clones by name only, when it makes a file.
func clone(_, _ *os.File) error { return errors.ErrUnsupported }
