package osfs

import (
	"errors"
	"io/fs"
)

// SyncDir returns errors.ErrUnsupported: Windows has no call that flushes a
// directory; NTFS writes names through its journal.
func (FS) SyncDir(dir string) error {
	return &fs.PathError{Op: "sync", Path: dir, Err: errors.ErrUnsupported}
}
