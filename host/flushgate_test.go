package host_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// flushGate is a file system on which writes to new files of an index hang until they
// are let go.
type flushGate struct {
	*crashfs.FS
	arrived chan string // the name of each file whose first write came

	mu   sync.Mutex
	held chan struct{} // nil when nothing hangs
}

func newFlushGate() *flushGate {
	return &flushGate{FS: crashfs.New(), arrived: make(chan string, 1000)}
}

// hold makes writes hang until release is called.
func (g *flushGate) hold() (release func()) {
	held := make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = held
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.held = nil
		close(held)
	})
}

func (g *flushGate) Create(name string) (fsabstraction.WriteFile, error) {
	f, err := g.FS.Create(name)
	if of, ok := strings.CutSuffix(filepath.Base(name), ".tmp"); err == nil && ok && ofIndex(of) {
		return &heldFile{WriteFile: f, gate: g, name: of}, nil
	}
	return f, err
}

type heldFile struct {
	fsabstraction.WriteFile
	gate *flushGate
	name string
	once sync.Once
}

func (f *heldFile) WriteAt(b []byte, off int64) (int, error) {
	f.once.Do(func() { f.gate.arrived <- f.name })
	f.gate.mu.Lock()
	held := f.gate.held
	f.gate.mu.Unlock()
	if held != nil {
		<-held
	}
	return f.WriteFile.WriteAt(b, off)
}

// written returns which files were begun since the last call.
func (g *flushGate) written() (names []string) {
	for {
		select {
		case name := <-g.arrived:
			names = append(names, name)
		default:
			return names
		}
	}
}

// TestAppendsDoNotWaitForFlushes hangs the writing of an index. Appends, rotations and
// queries go on. When it is let go, what was rotated meanwhile gets its index too,
// all of it at once; a close waits for the one that is being written, and not for
// another before its own.
func TestAppendsDoNotWaitForFlushes(t *testing.T) {
	g := newFlushGate()
	p := place{g, storeDir}
	s := p.openFlushing(t, false, p.small())
	release := g.hold()
	t.Cleanup(func() { release() })
	n := 0
	more := func(k int) {
		appendSome(t, s, "e", k)
		n += k
	}
	for len(g.arrived) == 0 {
		more(1)
	}
	more(200) // over many rotations
	require.Len(t, all(t, s), n)
	_, err := s.Get(t.Context(), all(t, s)[n-1].ID)
	require.NoError(t, err)
	require.Len(t, g.written(), 1, "one index at a time")
	require.Greater(t, segments(g.FS), 10)
	require.Empty(t, partNames(g.Files(storeDir)))

	release()
	for tail(t, p) > 20 { // until the last rotation has its index
		runtime.Gosched()
	}
	require.LessOrEqual(t, len(g.written()), 4, "the rotations between have none of their own")
	require.Len(t, all(t, s), n)

	release = g.hold()
	for len(g.arrived) == 0 {
		more(1)
	}
	more(50)
	require.Len(t, g.written(), 1)
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	g.awaitSealed()
	select {
	case <-closed:
		require.Fail(t, "the store is closed and its index is being written")
	default:
	}
	release()
	require.NoError(t, <-closed)
	require.True(t, s.CloseReport().IndexWritten)
	own := map[string]bool{}
	for _, name := range g.written() {
		own[name] = true
	}
	if own[indexName] {
		delete(own, index.FileName) // comes with it
	}
	require.Len(t, own, 1, "of what was rotated meanwhile, only the close writes an index: %v", own)
	require.Zero(t, tail(t, p))
	require.Len(t, all(t, p.open(t, host.ReaderOptions{})), n)
}

// tail is how many events a reader has to read from segments.
func tail(t *testing.T, p place) uint64 {
	r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: p.fs, Logger: quiet, Strict: true})
	require.NoError(t, err)
	defer r.Close()
	return r.Report().TailEvents
}

func segments(fs *crashfs.FS) (n int) {
	for name := range fs.Files(storeDir) {
		if strings.HasSuffix(name, ".fbat") {
			n++
		}
	}
	return n
}

// TestAppendsWaitWithinRotations makes sure that the test above would notice.
func TestAppendsWaitWithinRotations(t *testing.T) {
	g := newFlushGate()
	p := place{g, storeDir}
	s := p.openFlushing(t, true, p.small())
	release := g.hold()
	done := make(chan error, 1)
	go func() {
		for i := range 30 {
			if _, err := s.Append(background, eventAt, 0x1000, fmt.Sprint("payload ", i)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	<-g.arrived
	require.Less(t, s.Committed(), uint64(30))
	release()
	require.NoError(t, <-done)
}
