//go:build !windows

package osfs

import (
	"os"
	"syscall"
)

// SyncDir implements fsabstraction.DirSyncer with fsync on the directory. File
// systems that refuse it return their error.
func (FS) SyncDir(dir string) error {
	// Looked at first, because opening a pipe would wait for its other end.
	fi, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !fi.IsDir() {
		return &os.PathError{Op: "sync", Path: dir, Err: syscall.ENOTDIR}
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}
