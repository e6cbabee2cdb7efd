package host_test

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
)

// lookGate is a flushGate that also hangs looks at one file, behind the look.
type lookGate struct {
	*flushGate
	mu      sync.Mutex
	name    string
	looked  chan struct{}
	release chan struct{}
}

func (g *lookGate) Lstat(path string) (fsabstraction.Info, error) {
	info, err := g.flushGate.Lstat(path)
	g.mu.Lock()
	hang := g.name != "" && filepath.Base(path) == g.name
	if hang {
		g.name = ""
	}
	g.mu.Unlock()
	if hang {
		close(g.looked)
		<-g.release
	}
	return info, err
}

// TestAdoptedSizes: the open that reads a new index looks at the segment that is
// being written, which is then filled and sealed before the store comes to read the
// index. Its last events can be read all the same.
func TestAdoptedSizes(t *testing.T) {
	g := &lookGate{flushGate: newFlushGate(), looked: make(chan struct{}), release: make(chan struct{})}
	p := place{g, storeDir}
	s := p.openFlushing(t, false, p.small())
	letWrite := g.hold()
	t.Cleanup(letWrite)
	for len(g.arrived) == 0 {
		appendSome(t, s, "e", 1)
	}
	for n := segments(g.FS); segments(g.FS) == n; { // so that the newest has one event
		appendSome(t, s, "e", 1)
	}
	var names []string
	for name := range g.Files(storeDir) {
		if strings.HasSuffix(name, ".fbat") {
			names = append(names, name)
		}
	}
	g.mu.Lock()
	g.name = slices.Max(names)
	g.mu.Unlock()
	letWrite()
	<-g.looked
	appendSome(t, s, "e", 40)
	letWrite = g.hold() // the next index, so that this one is read for a while
	t.Cleanup(letWrite)
	close(g.release)
	for s.Report().IndexOrigin != store.IndexSaved {
		runtime.Gosched()
	}
	for _, e := range all(t, s) {
		_, err := s.Read(t.Context(), e)
		require.NoError(t, err)
	}
	letWrite()
	require.NoError(t, s.Close())
	require.Len(t, all(t, p.open(t, host.ReaderOptions{Strict: true})), int(s.Committed()))
}
