package host

import "sync"

// Snapshot is the store at one moment. It can be queried even after the store is closed, until
// its own Close. All methods are safe for concurrent use.
type Snapshot struct {
	queries

	mu      sync.Mutex
	version *version // nil when closed
}

func (s *Snapshot) acquire() (*version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.version == nil {
		return nil, ErrClosed
	}
	s.version.users.Add(1)
	return s.version, nil
}

// Close releases the files. A second Close returns [ErrClosed].
func (s *Snapshot) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.version == nil {
		return ErrClosed
	}
	_ = s.version.release()
	s.version = nil
	return nil
}

// newSnapshot returns a Snapshot that owns v.
func newSnapshot(v *version, err error) (*Snapshot, error) {
	if err != nil {
		return nil, err
	}
	s := &Snapshot{version: v}
	s.queries.acquire = s.acquire
	return s, nil
}
