package crashfs

import (
	"errors"
	"sync"

	"github.com/thawlog/thaw/fsabstraction"
)

// ErrStopped is what every changing operation returns after StopAfter has
// stopped the file system.
var ErrStopped = errors.New("crashfs: stopped")

// FS is a file system in memory. Make it with New, FromFiles or Crash. Its root
// exists from the beginning, and relative names begin there.
//
// All methods may be called from several goroutines at once, but not from a
// hook unless they say so.
type FS struct {
	// ops is held during a changing operation and its hook, and taken before mu.
	ops sync.Mutex

	mu      sync.RWMutex // protects everything below and all files and directories
	root    *directory
	changes []change // of names, not yet durable, oldest first
	hook    func(Op)
	done    int // operations announced
	stopAt  int
}

var (
	_ fsabstraction.FS        = (*FS)(nil)
	_ fsabstraction.DirSyncer = (*FS)(nil)
	_ fsabstraction.Locker    = (*FS)(nil)
)

// New returns an empty file system.
func New() *FS {
	return &FS{root: &directory{}}
}

// OnOp makes hook be called before each operation that changes something takes
// effect; nil ends that. While hook runs no such operation takes effect, the one
// that waits for it included. It may call Crash, StopAfter, Files and whatever reads;
// an operation that changes something, or Lock, would wait for itself.
func (s *FS) OnOp(hook func(op Op)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

// StopAfter makes the n-th changing operation of this FS and all later ones, and
// Lock, fail with ErrStopped and do nothing, as if the process had died. They are
// not announced to the hook. A hook that gives the number of its own Op stops that
// one. Reading goes on. An n of 0 ends it.
func (s *FS) StopAfter(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopAt = n
}

func (s *FS) stopped(n int) bool { return s.stopAt > 0 && n >= s.stopAt }

// mutate runs one changing operation. prepare, which may only read, returns what
// to do, or nil for nothing; it stays possible while the hook runs because
// nothing else changes meanwhile.
func (s *FS) mutate(op Op, prepare func() (apply func(), err error)) error {
	s.ops.Lock()
	defer s.ops.Unlock()

	apply, hook, err := s.announce(&op, prepare)
	if err != nil || apply == nil {
		return err
	}
	if hook != nil {
		hook(op)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped(op.N) {
		return ErrStopped
	}
	apply()
	return nil
}

func (s *FS) announce(op *Op, prepare func() (func(), error)) (apply func(), hook func(Op), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped(s.done + 1) {
		return nil, nil, ErrStopped
	}
	apply, err = prepare()
	if err != nil || apply == nil {
		return nil, nil, err
	}
	s.done++
	op.N = s.done
	return apply, s.hook, nil
}
