package memfs

import (
	"io"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/fsabstraction"
)

// accounts keeps the sizes of the files of a file system within its limit.
type accounts struct {
	mu          sync.Mutex
	used, limit int64
}

// take takes n bytes, or returns them if n is negative. It returns false if there are not as
// many.
func (a *accounts) take(n int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n > 0 && a.limit > 0 && n > a.limit-a.used {
		return false
	}
	a.used += n
	return true
}

// file is a regular file, under a name or without one.
type file struct {
	mu      sync.RWMutex
	content []byte
	changed int64 // ns since the Unix epoch
	locked  bool
	names   int // without one its bytes do not count
	size    *accounts
}

func newFile(a *accounts) *file { return &file{changed: time.Now().UnixNano(), names: 1, size: a} }

func (f *file) info() fsabstraction.Info {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return fsabstraction.Info{
		Size: int64(len(f.content)), Type: fsabstraction.Regular, ModTime: f.changed, Identity: fsabstraction.NewIdentity(f),
	}
}

// unlink is called when the file loses a name.
func (f *file) unlink() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names--; f.names == 0 {
		f.size.take(-int64(len(f.content)))
	}
}

// link is called when the file gets a further name.
func (f *file) link() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.names++
}

// resize sets the length, with zeros in the new part. mu is held.
func (f *file) resize(op, path string, size int64) error {
	before := int64(len(f.content))
	if size != int64(int(size)) || size > maxFile {
		return pathError(op, path, fs.ErrInvalid)
	}
	if f.names > 0 && !f.size.take(size-before) {
		return pathError(op, path, ErrFull)
	}
	if size <= before {
		clear(f.content[size:]) // zeros, should the file grow again
		f.content = f.content[:size]
	} else {
		f.content = append(f.content, make([]byte, size-before)...)
	}
	return nil
}

// maxFile bounds a file: a longer one comes of a wrong offset. Only a limit keeps files within
// the memory that there is.
const maxFile = 1 << 40

// handle is an open file.
type handle struct {
	*file
	path   string
	closed atomic.Bool
}

func (h *handle) open(op string) error {
	if h.closed.Load() {
		return pathError(op, h.path, fs.ErrClosed)
	}
	return nil
}

// ReadAt implements fsabstraction.File.
func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	if err := fsabstraction.CheckOffset("read", h.path, off); err != nil {
		return 0, err
	}
	if err := h.open("read"); err != nil {
		return 0, err
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	n := 0
	if off < int64(len(h.content)) {
		n = copy(p, h.content[off:])
	}
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
	if err := h.open("stat"); err != nil {
		return fsabstraction.Info{}, err
	}
	return h.info(), nil
}

// Close implements fsabstraction.File.
func (h *handle) Close() error {
	if h.closed.Swap(true) {
		return pathError("close", h.path, fs.ErrClosed)
	}
	return nil
}

// writeHandle is a file open for writing.
type writeHandle struct{ handle }

// WriteAt implements fsabstraction.WriteFile.
func (h *writeHandle) WriteAt(p []byte, off int64) (int, error) {
	if err := fsabstraction.CheckOffset("write", h.path, off); err != nil {
		return 0, err
	}
	if err := h.open("write"); err != nil {
		return 0, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	end := off + int64(len(p))
	if end < off {
		return 0, pathError("write", h.path, fs.ErrInvalid)
	}
	if len(p) > 0 && end > int64(len(h.content)) {
		if err := h.resize("write", h.path, end); err != nil {
			return 0, err
		}
	}
	h.changed = time.Now().UnixNano()
	if len(p) == 0 {
		return 0, nil
	}
	return copy(h.content[off:], p), nil
}

// Truncate implements fsabstraction.WriteFile.
func (h *writeHandle) Truncate(size int64) error {
	if err := fsabstraction.CheckOffset("truncate", h.path, size); err != nil {
		return err
	}
	if err := h.open("truncate"); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changed = time.Now().UnixNano()
	return h.resize("truncate", h.path, size)
}

// Sync implements fsabstraction.WriteFile.
func (h *writeHandle) Sync() error { return h.open("sync") }
