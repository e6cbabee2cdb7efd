package osfs

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/thawlog/thaw/fsabstraction"
)

var _ fsabstraction.Starter = (*writeFile)(nil)

// StartSync implements fsabstraction.Starter with sync_file_range, as RocksDB's bytes_per_sync
// does: it first waits for what earlier calls began, so that the disk never has more to do than
// two calls asked for.
func (h *writeFile) StartSync(end int64) error {
	if err := fsabstraction.CheckOffset("startsync", h.path, end); err != nil {
		return err
	}
	conn, err := h.f.SyscallConn()
	if err != nil {
		return err
	}
	failed := conn.Control(func(fd uintptr) {
		for {
			err = unix.SyncFileRange(int(fd), 0, end, unix.SYNC_FILE_RANGE_WAIT_BEFORE|unix.SYNC_FILE_RANGE_WRITE)
			if !errors.Is(err, unix.EINTR) {
				return
			}
		}
	})
	for _, errno := range []error{unix.ENOSYS, unix.EINVAL, unix.ESPIPE, unix.EPERM, errors.ErrUnsupported} {
		if errors.Is(err, errno) {
			return &unsupportedError{&os.PathError{Op: "startsync", Path: h.path, Err: err}}
		}
	}
	if err != nil {
		err = &os.PathError{Op: "startsync", Path: h.path, Err: err}
	}
	return errors.Join(failed, err)
}
