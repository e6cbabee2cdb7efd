package crashfs

import (
	"errors"
	"sync"

	"github.com/thawlog/thaw/fsabstraction"
)

// ErrStopped is returned by every changing operation once StopAfter has stopped the file
// system.
var ErrStopped = errors.New("crashfs: stopped")

// FS is an in-memory file system. Create it with New, FromFiles or Crash. Its root always
// exists, and relative names start there.
//
// All methods may be called from several goroutines at once, but from a hook only where
// their comments allow it.
type FS struct {
	// ops is held during a changing operation and its hook. It is taken before mu.
	ops sync.Mutex

	mu      sync.RWMutex // guards the fields below and all files and directories
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

// OnOp sets hook to be called before each changing operation takes effect; nil removes it.
// While hook runs, no changing operation takes effect, including the announced one. The
// hook may call Crash, StopAfter, Files and anything that only reads; a changing operation,
// or Lock, would deadlock.
func (s *FS) OnOp(hook func(op Op)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

// StopAfter makes the n-th changing operation of this FS and all later ones, and Lock, fail
// with ErrStopped without effect, as if the process had died. They are not announced to the
// hook. A hook that passes the number of its own Op stops that operation. Reads still work.
// An n of 0 removes the limit.
func (s *FS) StopAfter(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopAt = n
}

func (s *FS) stopped(n int) bool { return s.stopAt > 0 && n >= s.stopAt }

// mutate runs one changing operation. prepare, which may only read, returns the change to
// apply, or nil for none; the change stays valid while the hook runs because nothing else
// changes meanwhile.
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
