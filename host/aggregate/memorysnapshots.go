package aggregate

import (
	"context"
	"io/fs"
	"sync"
)

// MemorySnapshots keeps snapshots in memory, up to a number of bytes; then it forgets some
// of them.
type MemorySnapshots struct {
	// Bytes bounds the snapshots, by default 64 MiB.
	Bytes int

	mu    sync.Mutex
	kept  map[string][]byte
	bytes int
}

const defaultMemory = 64 << 20

var _ Cache = (*MemorySnapshots)(nil)

// Get implements [Cache].
func (m *MemorySnapshots) Get(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b, ok := m.kept[name]; ok {
		return b, nil
	}
	return nil, fs.ErrNotExist
}

// Put implements [Cache].
func (m *MemorySnapshots) Put(_ context.Context, name string, snapshot []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	most := m.Bytes
	if most <= 0 {
		most = defaultMemory
	}
	m.forget(name)
	for other := range m.kept { // in no order
		if m.bytes+len(snapshot) <= most {
			break
		}
		m.forget(other)
	}
	if m.bytes+len(snapshot) > most {
		return nil
	}
	if m.kept == nil {
		m.kept = map[string][]byte{}
	}
	m.kept[name] = snapshot
	m.bytes += len(snapshot)
	return nil
}

func (m *MemorySnapshots) forget(name string) {
	m.bytes -= len(m.kept[name])
	delete(m.kept, name)
}
