package aggregate

import (
	"sync"
	"sync/atomic"
)

// SnapshotStatus says what became of snapshots since [Of].
type SnapshotStatus struct {
	// Used counts the loads that began at a snapshot, Rejected those that found one and
	// could not use it.
	Used, Rejected uint64
	// Written and Failed count the snapshots that were written, and those that could not be.
	Written, Failed uint64
	// Err is the last reason for Rejected or Failed, a *SnapshotError, or nil.
	Err error
}

// SnapshotStatus returns what became of snapshots. No failure of theirs fails a load or a
// Do.
func (a *Aggregates[T]) SnapshotStatus() SnapshotStatus {
	if a.snapshots == nil {
		return SnapshotStatus{}
	}
	s := &a.snapshots.status
	s.mu.Lock()
	defer s.mu.Unlock()
	return SnapshotStatus{
		Used: s.used.Load(), Rejected: s.rejected.Load(),
		Written: s.written.Load(), Failed: s.failed.Load(), Err: s.err,
	}
}

type status struct {
	used, rejected, written, failed atomic.Uint64

	mu  sync.Mutex
	err error
}

// note keeps the last reason, and returns it.
func (s *status) note(entity string, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = &SnapshotError{Entity: entity, Err: err}
	return s.err
}
