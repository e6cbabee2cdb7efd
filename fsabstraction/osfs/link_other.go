//go:build !unix

package osfs

import (
	"errors"
	"io/fs"
)

// unlinkable reports whether a failed link means that the file must be copied instead: any
// error but one about the names. A file system without links has no error of its own here.
func unlinkable(err error) bool {
	return !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist)
}
