package crashfs

import (
	"errors"
	"io/fs"
	"sync/atomic"

	"github.com/thawlog/thaw/fsabstraction"
)

// Lock implements fsabstraction.Locker. Creating the file is a change of names as in
// Create, but no operation for the hook or StopAfter.
func (s *FS) Lock(name string) (fsabstraction.Lock, error) {
	// Nothing may change while a hook runs.
	s.ops.Lock()
	defer s.ops.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.stopped(s.done + 1) {
		return nil, ErrStopped
	}
	f, err := s.regular("lock", name)
	if errors.Is(err, fs.ErrNotExist) {
		d, base, err := s.parent("lock", name)
		if err != nil {
			return nil, err
		}
		f = s.create(d, base)
	} else if err != nil {
		return nil, err
	}
	if f.locked {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: fsabstraction.ErrLocked}
	}
	f.locked = true
	return &lock{fs: s, file: f, path: name}, nil
}

type lock struct {
	fs    *FS
	file  *file
	path  string
	freed atomic.Bool
}

// Unlock implements fsabstraction.Lock.
func (l *lock) Unlock() error {
	if !l.freed.CompareAndSwap(false, true) {
		return &fs.PathError{Op: "unlock", Path: l.path, Err: fs.ErrClosed}
	}
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	l.file.locked = false
	return nil
}
