package crashfs

import (
	"io"
	"io/fs"
	"math"
	"sync/atomic"

	"github.com/thawlog/thaw/fsabstraction"
)

// handle is a file opened for reading.
type handle struct {
	fs     *FS
	file   *file
	path   string
	closed atomic.Bool
}

// writeHandle is a file opened for reading and writing.
type writeHandle struct{ handle }

func (h *handle) check(op string) error {
	if h.closed.Load() {
		return &fs.PathError{Op: op, Path: h.path, Err: fs.ErrClosed}
	}
	return nil
}

// ReadAt implements fsabstraction.File.
func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	if err := fsabstraction.CheckOffset("readat", h.path, off); err != nil {
		return 0, err
	}
	if err := h.check("readat"); err != nil {
		return 0, err
	}
	h.fs.mu.RLock()
	defer h.fs.mu.RUnlock()
	n := h.file.live.read(p, off)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Size implements fsabstraction.File.
func (h *handle) Size() (int64, error) {
	i, err := h.Stat()
	return i.Size, err
}

// Stat implements fsabstraction.File.
func (h *handle) Stat() (fsabstraction.Info, error) {
	if err := h.check("stat"); err != nil {
		return fsabstraction.Info{}, err
	}
	h.fs.mu.RLock()
	defer h.fs.mu.RUnlock()
	return h.file.info(), nil
}

// Close implements fsabstraction.File.
func (h *handle) Close() error {
	if !h.closed.CompareAndSwap(false, true) {
		return &fs.PathError{Op: "close", Path: h.path, Err: fs.ErrClosed}
	}
	return nil
}

// WriteAt implements fsabstraction.WriteFile.
func (h *writeHandle) WriteAt(p []byte, off int64) (int, error) {
	if err := fsabstraction.CheckOffset("writeat", h.path, off); err != nil {
		return 0, err
	}
	if off > math.MaxInt64-blockSize-int64(len(p)) {
		return 0, &fs.PathError{Op: "writeat", Path: h.path, Err: fs.ErrInvalid}
	}
	op := Op{Kind: WriteAt, Name: h.path, Offset: off, Data: p, file: h.file}
	err := h.fs.mutate(op, func() (func(), error) {
		if err := h.check("writeat"); err != nil || len(p) == 0 {
			return nil, err
		}
		return func() { h.file.write(p, off) }, nil
	})
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Truncate implements fsabstraction.WriteFile.
func (h *writeHandle) Truncate(size int64) error {
	if err := fsabstraction.CheckOffset("truncate", h.path, size); err != nil {
		return err
	}
	if size > math.MaxInt64-blockSize {
		return &fs.PathError{Op: "truncate", Path: h.path, Err: fs.ErrInvalid}
	}
	return h.fs.mutate(Op{Kind: Truncate, Name: h.path, Size: size}, func() (func(), error) {
		return func() { h.file.truncate(size) }, h.check("truncate")
	})
}

// Sync implements fsabstraction.WriteFile.
func (h *writeHandle) Sync() error {
	return h.fs.mutate(Op{Kind: Sync, Name: h.path}, func() (func(), error) {
		return h.file.sync, h.check("sync")
	})
}
