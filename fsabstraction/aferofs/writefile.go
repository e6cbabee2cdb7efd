package aferofs

import (
	"io"

	"github.com/thawlog/thaw/fsabstraction"
)

// writeFile is a handle opened for reading and writing.
type writeFile struct{ file }

var _ fsabstraction.WriteFile = (*writeFile)(nil)

func (h *writeFile) WriteAt(p []byte, off int64) (int, error) {
	if err := fsabstraction.CheckOffset("writeat", h.path, off); err != nil {
		return 0, err
	}
	if err := h.lock("writeat"); err != nil {
		return 0, err
	}
	defer h.mu.Unlock()
	if len(p) == 0 {
		return 0, nil // MemMapFs would extend the file to off
	}
	n, err := h.f.WriteAt(p, off)
	if n < len(p) && err == nil {
		err = io.ErrShortWrite
	}
	return n, err
}

func (h *writeFile) Truncate(size int64) error {
	if err := fsabstraction.CheckOffset("truncate", h.path, size); err != nil {
		return err
	}
	if err := h.lock("truncate"); err != nil {
		return err
	}
	defer h.mu.Unlock()
	h.cut.Lock()
	defer h.cut.Unlock()
	return h.f.Truncate(size)
}

func (h *writeFile) Sync() error {
	if err := h.lock("sync"); err != nil {
		return err
	}
	defer h.mu.Unlock()
	return h.f.Sync()
}
