package host_test

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

var background = context.Background()

// storeDir is the directory of stores in memory.
const storeDir = "store"

// syncGate is a file system whose syncs of segments can block, and which records every sync.
type syncGate struct {
	*crashfs.FS
	arrived chan struct{} // one for each sync that hangs

	mu     sync.Mutex
	held   chan struct{} // what syncs of segments wait for, nil when they need not
	synced []string      // the last parts of the names
}

func newGate() *syncGate { return &syncGate{FS: crashfs.New(), arrived: make(chan struct{}, 1000)} }

// hold makes syncs of segments block until release is called.
func (g *syncGate) hold() (release func()) {
	held := make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = held
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.held == held {
			g.held = nil
		}
		close(held)
	})
}

// take returns the names synced since the last take.
func (g *syncGate) take() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	names := g.synced
	g.synced = nil
	return names
}

func (g *syncGate) sync(name string) {
	g.mu.Lock()
	name = filepath.Base(name)
	g.synced = append(g.synced, name)
	held := g.held
	g.mu.Unlock()
	if held != nil && strings.HasSuffix(name, ".fbat") {
		g.arrived <- struct{}{}
		<-held
	}
}

func (g *syncGate) SyncDir(name string) error {
	g.sync(name)
	return g.FS.SyncDir(name)
}

func (g *syncGate) Create(name string) (fsabstraction.WriteFile, error) {
	f, err := g.FS.Create(name)
	return hangingFile{f, g, name}, err
}

func (g *syncGate) OpenWrite(name string) (fsabstraction.WriteFile, error) {
	f, err := g.FS.OpenWrite(name)
	return hangingFile{f, g, name}, err
}

type hangingFile struct {
	fsabstraction.WriteFile
	gate *syncGate
	name string
}

func (f hangingFile) Sync() error {
	f.gate.sync(f.name)
	return f.WriteFile.Sync()
}

// place is the gate's store.
func (g *syncGate) place() place { return place{g, storeDir} }

// openStore opens the store of p for writing. The test closes it at its end, if not before.
func (p place) openStore(t testing.TB, o host.Options) *host.Store {
	o.FS = p.fs
	if o.Logger == nil {
		o.Logger = quiet
	}
	s, err := host.Open(t.Context(), p.dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// appendSome appends n events of an entity.
func appendSome(t require.TestingT, s *host.Store, entity string, n int) (receipts []host.Receipt) {
	for range n {
		r, err := s.Append(background, event.At(entity, "scope"), event.Data, "payload")
		require.NoError(t, err)
		receipts = append(receipts, r)
	}
	return receipts
}

// awaitQueued waits until n requests wait for the writer.
func awaitQueued(s *host.Store, n int) {
	for host.Queued(s) < n {
		runtime.Gosched()
	}
}

// stuck makes the store's writer block in the sync of one append, whose outcome first
// receives.
func (g *syncGate) stuck(t testing.TB, s *host.Store) (release func(), first <-chan error) {
	done := make(chan error, 1)
	release = g.hold()
	t.Cleanup(release) // before the store's Close
	go func() {
		_, err := s.Append(background, event.At("first", "scope"), event.Data, "payload")
		done <- err
	}()
	<-g.arrived
	return release, done
}

// count returns how often name is in names.
func count(names []string, name string) (n int) {
	for _, other := range names {
		if other == name {
			n++
		}
	}
	return n
}
