package aferofs

import (
	"io"
	"io/fs"
	"sync"

	"github.com/spf13/afero"

	"github.com/thawlog/thaw/fsabstraction"
)

// file is a handle opened for reading.
type file struct {
	path string
	cut  *sync.RWMutex // of the FS

	// mu is held during every call of f: MemMapFs keeps one cursor per
	// handle, which even ReadAt moves.
	mu     sync.Mutex
	f      afero.File
	closed bool
}

var _ fsabstraction.File = (*file)(nil)

// lock locks mu; the caller unlocks it unless lock returns an error.
func (h *file) lock(op string) error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return &fs.PathError{Op: op, Path: h.path, Err: fs.ErrClosed}
	}
	return nil
}

func (h *file) ReadAt(p []byte, off int64) (int, error) {
	if err := fsabstraction.CheckOffset("readat", h.path, off); err != nil {
		return 0, err
	}
	if err := h.lock("readat"); err != nil {
		return 0, err
	}
	defer h.mu.Unlock()

	h.cut.RLock()
	defer h.cut.RUnlock()

	n := 0
	for n < len(p) {
		// Checked before each step: MemMapFs fails in several ways at and past the end, and
		// truncates large offsets on 32 bits.
		size, err := h.size()
		if err != nil {
			return n, err
		}
		if off+int64(n) >= size || off+int64(n) < 0 {
			return n, io.EOF
		}
		m, err := h.f.ReadAt(p[n:], off+int64(n))
		n += m
		switch {
		case n == len(p):
			return n, nil
		case m > 0:
			// A short read for any reason; the next step returns the reason.
		case err == nil:
			return n, io.ErrNoProgress
		default:
			return n, err
		}
	}
	return n, nil
}

func (h *file) size() (int64, error) {
	fi, err := h.f.Stat()
	if err != nil {
		return 0, err
	}
	return fi.Size(), nil
}

func (h *file) Size() (int64, error) {
	if err := h.lock("stat"); err != nil {
		return 0, err
	}
	defer h.mu.Unlock()
	return h.size()
}

func (h *file) Stat() (fsabstraction.Info, error) {
	if err := h.lock("stat"); err != nil {
		return fsabstraction.Info{}, err
	}
	defer h.mu.Unlock()
	fi, err := h.f.Stat()
	if err != nil {
		return fsabstraction.Info{}, err
	}
	return info(fi, fileIdentity(h.f, fi)), nil
}

func (h *file) Close() error {
	if err := h.lock("close"); err != nil {
		return err
	}
	defer h.mu.Unlock()
	h.closed = true
	return h.f.Close()
}
