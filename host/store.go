package host

import (
	"sync"
	"sync/atomic"

	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/fsabstraction"
)

// Store is a store open for writing and reading. Its queries see every append that
// has returned. A directory has at most one open Store; it does not exclude readers,
// in this process or others. All methods are safe for concurrent use.
type Store struct {
	queries

	path    string
	options Options
	ids     ids
	lock    fsabstraction.Lock // nil when unlocked
	issuer  *gate.Issuer       // of this store's permits; never shown to others
	skip    []string           // index files that the open ignores

	versions versions
	writer   *writer
	flusher  *flusher
	mover    *mover
	scratch  atomic.Int64 // number of scratch files made
	// switching is that of the flusher, once there is one.
	switching atomic.Pointer[sync.RWMutex]

	requests chan *request
	quit     chan struct{} // closed when the writer is done
	entering sync.Mutex    // guards closing, report, and that inside grows
	closing  bool
	closed   chan struct{}  // closed by Close
	inside   sync.WaitGroup // callers that may send a request
	report   CloseReport
}

// queueLength is the number of appends that the queue to the writer holds; further
// ones block.
const queueLength = 1024

// Snapshot pins the store as it is now, for several queries of one moment.
// The caller must Close it.
func (s *Store) Snapshot() (*Snapshot, error) { return newSnapshot(s.versions.acquire()) }

func (s *Store) indexFiles() indexFiles {
	return indexFiles{fs: s.options.FS, dir: s.path, logger: s.options.Logger, memory: s.options.liveIndexMemory(), made: &s.scratch}
}

func (s *Store) unlock() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Unlock()
}
