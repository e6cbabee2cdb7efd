package cli

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// whenClosed calls f once the reader of the pipe w has closed it. It does nothing if w is no
// pipe. It keeps a thread for as long as the process runs.
func whenClosed(w io.Writer, f func()) {
	file, ok := w.(*os.File)
	if !ok {
		return
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return
	}
	go func() {
		var err error
		polled := []unix.PollFd{{}} // errors are reported unasked
		failed := conn.Control(func(fd uintptr) {
			polled[0].Fd = int32(fd)
			for {
				if _, err = unix.Poll(polled, -1); !errors.Is(err, unix.EINTR) {
					return
				}
			}
		})
		if failed == nil && err == nil && polled[0].Revents&unix.POLLERR != 0 {
			f()
		}
	}()
}
