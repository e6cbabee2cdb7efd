package mapping

import (
	"io"
	"io/fs"
	"runtime"
	"runtime/debug"
	"unsafe"
)

// guarded copies from the mapping; only this copy can fault. The range must be inside the
// mapping, or p empty.
//
// Without the guard a fault ends the process, and no recover can stop it. SetPanicOnFault
// makes it a panic, for this goroutine only, so it is set and restored around each copy. A
// single deferred function does everything that must follow, because each costs as much as
// the guard. Its use of s also keeps s, and with it the mapping, which has a finalizer,
// reachable until the copy is done.
func (s *Source) guarded(p []byte, off int64) (n int, intact bool, err error) {
	lane := s.lane(p)
	lane.RLock()
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		lane.RUnlock()
		if r := recover(); r != nil {
			cause, ok := faultOutside(p, r)
			if !ok {
				panic(r)
			}
			n, intact, err = 0, false, s.fault(p, off, cause)
		}
	}()
	if s.m == nil {
		return 0, false, &fs.PathError{Op: "readat", Path: s.path, Err: errClosed}
	}
	if len(p) == 0 {
		return 0, true, nil
	}
	n, err = s.m.ReadAt(p, off)
	if n < len(p) && (err == nil || err == io.EOF) {
		// Without a mapping, a truncated file gives a short read.
		return 0, false, s.fault(p, off, io.ErrUnexpectedEOF)
	}
	return n, err == nil && s.intact(p, off), err
}

func (s *Source) fault(p []byte, off int64, cause error) error {
	return &FaultError{Path: s.path, Offset: off, Length: len(p), Err: cause}
}

// faultOutside reports whether the recovered value r is a fault at an address outside p.
// Only runtime errors for faults have the method Addr. The guarded code touches only p and
// the mapping, so an address outside p is the mapping's, which x/exp/mmap does not expose.
func faultOutside(p []byte, r any) (error, bool) {
	fault, ok := r.(interface {
		runtime.Error
		Addr() uintptr
	})
	if !ok {
		return nil, false
	}
	start := uintptr(unsafe.Pointer(unsafe.SliceData(p)))
	if a := fault.Addr(); a >= start && a-start < uintptr(len(p)) {
		return nil, false
	}
	return fault, true
}
