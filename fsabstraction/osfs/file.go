package osfs

import (
	"io"
	"os"
	"syscall"

	"github.com/thawlog/thaw/fsabstraction"
)

// file is a handle opened for reading. It is distinct from writeFile so that a type
// assertion on a reader's File finds no method that writes.
type file struct {
	f    *os.File
	path string
}

var (
	_ fsabstraction.PathFile = (*file)(nil)
	_ syscall.Conn           = (*file)(nil)
)

func (h *file) ReadAt(p []byte, off int64) (int, error) {
	if err := fsabstraction.CheckOffset("readat", h.path, off); err != nil {
		return 0, err
	}
	if off > maxOffset && len(p) > 0 {
		return 0, io.EOF
	}
	return h.f.ReadAt(p, off)
}

func (h *file) Size() (int64, error) {
	fi, err := h.f.Stat()
	if err != nil {
		return 0, err
	}
	return fi.Size(), nil
}

func (h *file) Stat() (fsabstraction.Info, error) { return statFile(h.f) }

func (h *file) Close() error { return h.f.Close() }

// Path implements fsabstraction.PathFile.
func (h *file) Path() string { return h.path }

// SyscallConn lends the descriptor to code that maps the file. The descriptor stays open
// meanwhile, even if Close is called.
func (h *file) SyscallConn() (syscall.RawConn, error) { return h.f.SyscallConn() }

// writeFile is a handle opened for reading and writing.
type writeFile struct{ file }

var _ fsabstraction.WriteFile = (*writeFile)(nil)

func (h *writeFile) WriteAt(p []byte, off int64) (int, error) {
	if err := fsabstraction.CheckOffset("writeat", h.path, off); err != nil {
		return 0, err
	}
	if err := checkMax("writeat", h.path, off); err != nil {
		return 0, err
	}
	return h.f.WriteAt(p, off)
}

func (h *writeFile) Truncate(size int64) error {
	if err := fsabstraction.CheckOffset("truncate", h.path, size); err != nil {
		return err
	}
	if err := checkMax("truncate", h.path, size); err != nil {
		return err
	}
	return h.f.Truncate(size)
}

// Sync is fsync, on macOS the full one, which also flushes the drive's cache.
func (h *writeFile) Sync() error { return h.f.Sync() }
