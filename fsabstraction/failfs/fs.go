package failfs

import (
	"slices"
	"sync"

	"github.com/thawlog/thaw/fsabstraction"
)

// FS passes every call to the file system it wraps unless a rule makes it fail. Create it
// with New.
//
// It always has the methods of DirSyncer, Locker, Linker, Cloner and DirRenamer; where the inner file system lacks the
// ability they return errors.ErrUnsupported, as the interfaces allow.
//
// All methods may be called from several goroutines at once.
type FS struct {
	inner fsabstraction.FS

	mu     sync.Mutex // not held while an operation runs
	faults []*Fault
}

var (
	_ fsabstraction.FS        = (*FS)(nil)
	_ fsabstraction.DirSyncer = (*FS)(nil)
	_ fsabstraction.Locker    = (*FS)(nil)
)

// New wraps inner. Without rules nothing fails.
func New(inner fsabstraction.FS) *FS {
	return &FS{inner: inner}
}

func (s *FS) remove(f *Fault) {
	s.faults = slices.DeleteFunc(s.faults, func(other *Fault) bool { return other == f })
}

// failing returns the rule that makes op fail, nil for none.
func (s *FS) failing(op Op) *Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	var decides *Fault
	for _, f := range s.faults {
		if f.matches(op) && f.fires() && decides == nil {
			decides = f
		}
	}
	if decides == nil {
		return nil
	}
	decides.fired++
	return &decides.rule
}

func (s *FS) do(op Op, call func() error) error {
	r := s.failing(op)
	if r == nil {
		return call()
	}
	if r.Applied {
		_ = call()
	}
	return r.Err
}

// get is do for a call that returns a value. When the call took effect but is reported as
// failed, drop releases the value.
func get[T any](s *FS, op Op, call func() (T, error), drop func(T)) (T, error) {
	var none T
	r := s.failing(op)
	if r == nil {
		return call()
	}
	if r.Applied {
		if got, err := call(); err == nil {
			drop(got)
		}
	}
	return none, r.Err
}

// transfer is do for reads and writes.
func (s *FS) transfer(op Op, p []byte, call func(p []byte) (int, error)) (int, error) {
	op.Len = len(p)
	r := s.failing(op)
	if r == nil {
		return call(p)
	}
	short := max(0, min(r.Short, len(p)-1))
	n := short
	if r.Applied {
		n = len(p)
	}
	if n > 0 {
		n, _ = call(p[:n])
	}
	return min(n, short), r.Err
}
