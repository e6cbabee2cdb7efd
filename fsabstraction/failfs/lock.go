package failfs

import (
	"errors"
	"io/fs"

	"github.com/thawlog/thaw/fsabstraction"
)

// Lock implements fsabstraction.Locker.
func (s *FS) Lock(name string) (fsabstraction.Lock, error) {
	l, err := get(s, Op{Kind: Lock, Name: name}, func() (fsabstraction.Lock, error) {
		inner, ok := s.inner.(fsabstraction.Locker)
		if !ok {
			return nil, &fs.PathError{Op: "lock", Path: name, Err: errors.ErrUnsupported}
		}
		return inner.Lock(name)
	}, func(l fsabstraction.Lock) { l.Unlock() })
	if err != nil {
		return nil, err
	}
	return &lock{fs: s, inner: l, name: name}, nil
}

type lock struct {
	fs    *FS
	inner fsabstraction.Lock
	name  string
}

// Unlock implements fsabstraction.Lock.
func (l *lock) Unlock() error {
	return l.fs.release(Op{Kind: Unlock, Name: l.name}, l.inner.Unlock)
}
