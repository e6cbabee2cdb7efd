package mapping

import (
	"strconv"
	"syscall"

	"golang.org/x/exp/mmap"

	"github.com/thawlog/thaw/fsabstraction"
)

// mapHandle maps the file that f has open, even if its path now names another, by opening its
// descriptor again through /proc. Meanwhile Control keeps the descriptor from being closed
// and reused for another file.
func mapHandle(f fsabstraction.PathFile, id fsabstraction.Identity) (*mmap.ReaderAt, error) {
	c, ok := f.(syscall.Conn)
	if !ok {
		return mapPath(f, id, mmap.Open)
	}
	conn, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var m *mmap.ReaderAt
	var mapErr error
	err = conn.Control(func(fd uintptr) {
		m, mapErr = mmap.Open("/proc/self/fd/" + strconv.FormatUint(uint64(fd), 10))
	})
	if err != nil {
		return nil, err
	}
	if mapErr != nil { // no /proc, for example in a chroot
		return mapPath(f, id, mmap.Open)
	}
	return m, nil
}
