//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package osfs

import (
	"errors"
	"io/fs"

	"github.com/thawlog/thaw/fsabstraction"
)

// Lock returns errors.ErrUnsupported and creates no file: the platform has no locks or,
// like AIX and Solaris, only locks that a process loses when it closes any other handle of
// the file.
func (FS) Lock(name string) (fsabstraction.Lock, error) {
	return nil, &fs.PathError{Op: "lock", Path: name, Err: errors.ErrUnsupported}
}
