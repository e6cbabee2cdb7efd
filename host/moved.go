package host

import (
	"context"
	"sync"

	"github.com/thawlog/thaw/core/store"
)

// mover finds the events that a compaction has moved, for the snapshots of one reader that
// are older than it: it is their store.Options.Moved. It opens the store once for each
// compaction at most.
type mover struct {
	path    string
	options *ReaderOptions
	// live pins the reader's version of now.
	live func() (*version, error)

	mu     sync.Mutex
	last   *version // the last that was opened, nil when there is none
	closed bool     // the reader is closed: keep nothing
}

// find implements store.Options.Moved.
func (m *mover) find(generation uint64) (fresh *store.Snapshot, release func(), err error) {
	if v, err := m.live(); err == nil { // a snapshot outlives its reader
		if v.snapshot.Generation() > generation {
			return v.snapshot, m.release(v), nil
		}
		_ = v.release()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil || m.last.snapshot.Generation() <= generation {
		c, err := openContents(context.Background(), m.path, m.options, m)
		if err != nil {
			return nil, nil, err
		}
		v := newVersion(c)
		if m.closed {
			return c.snapshot, m.release(v), nil
		}
		if m.last != nil {
			_ = m.last.release()
		}
		m.last = v
	}
	m.last.users.Add(1)
	return m.last.snapshot, m.release(m.last), nil
}

func (m *mover) release(v *version) func() { return func() { _ = v.release() } }

// passed closes what is open for later if the reader itself has come to a generation: it would
// keep segments that are gone on the disk.
func (m *mover) passed(generation uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil || m.last.snapshot.Generation() > generation {
		return nil
	}
	return m.drop()
}

// close closes what is open for later.
func (m *mover) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return m.drop()
}

func (m *mover) drop() error {
	if m.last == nil {
		return nil
	}
	err := m.last.release()
	m.last = nil
	return err
}
