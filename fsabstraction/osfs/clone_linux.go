package osfs

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// clone shares the bytes of src with dst. File systems without reflinks answer with various
// errors; an error of reading or writing is none of them.
func clone(dst, src *os.File) error {
	to, err := dst.SyscallConn()
	if err != nil {
		return err
	}
	from, err := src.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = to.Control(func(d uintptr) {
		failed = errors.Join(failed, from.Control(func(s uintptr) {
			failed = unix.IoctlFileClone(int(d), int(s))
		}))
	})
	for _, errno := range []error{unix.EXDEV, unix.EINVAL, unix.ENOTTY, unix.EPERM, unix.ETXTBSY, unix.ENOSYS, errors.ErrUnsupported} {
		if errors.Is(failed, errno) {
			failed = &unsupportedError{&os.PathError{Op: "clone", Path: dst.Name(), Err: failed}}
			break
		}
	}
	return errors.Join(err, failed)
}
