//go:build !windows

package osfs

import (
	"os"
	"syscall"

	"github.com/thawlog/thaw/fsabstraction"
)

// SyncDir implements fsabstraction.DirSyncer with fsync on the directory. It returns the
// error of a file system that refuses, and one of class fsabstraction.ErrNotTried when it
// fails before the fsync.
func (FS) SyncDir(dir string) error {
	// Checked first, because opening a pipe would wait for its other end.
	fi, err := os.Stat(dir)
	if err != nil {
		return fsabstraction.NotTried(err)
	}
	if !fi.IsDir() {
		return fsabstraction.NotTried(&os.PathError{Op: "sync", Path: dir, Err: syscall.ENOTDIR})
	}
	d, err := os.Open(dir)
	if err != nil {
		return fsabstraction.NotTried(err)
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}
