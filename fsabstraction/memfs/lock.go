package memfs

import (
	"errors"
	"io/fs"
	"sync/atomic"

	"github.com/thawlog/thaw/fsabstraction"
)

// Lock implements fsabstraction.Locker, among the users of one FS.
func (f *FS) Lock(name string) (fsabstraction.Lock, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := f.regular("lock", name)
	if errors.Is(err, fs.ErrNotExist) {
		file, err = f.create("lock", name)
	}
	if err != nil {
		return nil, err
	}
	file.mu.Lock()
	defer file.mu.Unlock()
	if file.locked {
		return nil, pathError("lock", name, fsabstraction.ErrLocked)
	}
	file.locked = true
	return &lock{file: file, path: name}, nil
}

type lock struct {
	file *file
	path string
	free atomic.Bool
}

// Unlock implements fsabstraction.Lock.
func (l *lock) Unlock() error {
	if l.free.Swap(true) {
		return pathError("unlock", l.path, fs.ErrClosed)
	}
	l.file.mu.Lock()
	defer l.file.mu.Unlock()
	l.file.locked = false
	return nil
}
