package host

import (
	"sync"

	"github.com/thawlog/thaw/fsabstraction"
)

// Store is a store that is open for writing, and for reading: its queries see
// every append that has returned. There is one Store of a directory at a time;
// readers, here and in other processes, are not kept out. All methods are safe
// for concurrent use.
type Store struct {
	queries

	path    string
	options Options
	ids     ids
	lock    fsabstraction.Lock // nil when unlocked
	skip    []string           // files of an index that the open does not look at

	versions versions
	writer   *writer
	flusher  *flusher

	requests chan *request
	quit     chan struct{} // closed when the writer is done
	entering sync.Mutex    // guards closing, report, and that inside grows
	closing  bool
	closed   chan struct{}  // closed by Close
	inside   sync.WaitGroup // of those who may send a request
	report   CloseReport
}

// queueLength is how many appends may wait for the writer before others wait to
// be let in.
const queueLength = 1024

// Snapshot pins the store as it is now, for several questions about one moment.
// The caller must Close it.
func (s *Store) Snapshot() (*Snapshot, error) { return newSnapshot(s.versions.acquire()) }

func (s *Store) indexFiles() indexFiles {
	return indexFiles{fs: s.options.FS, dir: s.path, logger: s.options.Logger}
}

func (s *Store) unlock() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Unlock()
}
