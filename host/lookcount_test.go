package host_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
)

// counting is a file system that counts calls by what they do and to which name.
type counting struct {
	fsabstraction.ReadFS
	mu    sync.Mutex
	calls map[string]int
}

type countedFile struct {
	fsabstraction.File
	fs   *counting
	name string
}

func (c *counting) count(what, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[what+" "+filepath.Base(name)]++
}

// take returns the calls since the last take. Segments are named by how far they
// are from the one with id zero, so that stores of different length compare.
func (c *counting) take(zero uint64) map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int{}
	for call, n := range c.calls {
		var what, name string
		_, _ = fmt.Sscan(call, &what, &name)
		if id, ok := segment.ParseName(name); ok {
			name = fmt.Sprintf("segment%+d", int64(id)-int64(zero))
		}
		out[what+" "+name] += n
	}
	c.calls = map[string]int{}
	return out
}

func (c *counting) ReadDir(dir string) ([]fsabstraction.Entry, error) {
	c.count("ReadDir", "directory")
	return c.ReadFS.ReadDir(dir)
}

func (c *counting) Lstat(name string) (fsabstraction.Info, error) {
	c.count("Lstat", name)
	return c.ReadFS.Lstat(name)
}

func (c *counting) Open(name string) (fsabstraction.File, error) {
	c.count("Open", name)
	f, err := c.ReadFS.Open(name)
	if err != nil {
		return nil, err
	}
	return countedFile{f, c, name}, nil
}

func (f countedFile) ReadAt(p []byte, off int64) (int, error) {
	f.fs.count("ReadAt", f.name)
	return f.File.ReadAt(p, off)
}

// sort is the kind of index of a long store.
type sort string

const (
	saved  sort = "index.fbati with index.thaw"
	judged sort = "index.fbati alone" // whose records are held against the sizes and ends of segments
	bare   sort = "index.fbati with records in the last segment only"
)

// longStore returns a store of n sealed segments, an index that ends with the last of them, and a
// tail of more segments.
func longStore(t *testing.T, n, tail int, sort sort) (place, *writer) {
	p := inMemory(t)
	w := newWriter(t, p)
	add := func(events int) {
		w.segment()
		for range events {
			w.append("entity")
		}
		w.seal()
		w.flushAll()
	}
	for i := range n {
		if sort == bare && i < n-1 {
			add(0)
		} else {
			add(2)
		}
	}
	w.putIndex()
	if sort == saved {
		require.NoError(t, p.openStore(t, host.Options{NoMerge: true}).Close())
	}
	for range tail {
		add(2)
	}
	w.close()
	return p, w
}

// whatOpens lists the calls of an open that do not depend on the number of segments.
var whatOpens = map[string]int{
	"ReadDir directory":           1,
	"Lstat store.thaw":            1,
	"Lstat index.fbati":           1,
	"Lstat index.thaw":            1,
	"Lstat index.ckpt":            1,
	"Lstat synced.thaw":           1,
	"Lstat visibility_ranges.fbv": 1,
	"Open index.fbati":            1,
	"Lstat segment+0":             1,
}

// TestOpenLooksAtFew counts what an open does in a store of few segments and of many.
func TestOpenLooksAtFew(t *testing.T) {
	for _, n := range []int{3, 200} {
		for _, tail := range []int{0, 2} {
			for _, sort := range []sort{saved, judged, bare} {
				t.Run(fmt.Sprintf("%d segments, a tail of %d, %s", n, tail, sort), func(t *testing.T) {
					p, w := longStore(t, n, tail, sort)
					fs := &counting{ReadFS: p.fs, calls: map[string]int{}}
					r := p.openOn(t, fs)
					require.Equal(t, store.FromIndex, r.Report().OpenedFrom)
					got := fs.take(uint64(n))
					want := maps.Clone(whatOpens)
					if sort == saved {
						want["Open index.thaw"] = 1
						require.LessOrEqual(t, got["ReadAt index.fbati"], 2)
						require.LessOrEqual(t, got["ReadAt index.thaw"], 2)
						delete(got, "ReadAt index.thaw")
					}
					delete(got, "ReadAt index.fbati")
					if tail > 0 { // several files must be of one moment
						want["Lstat store.thaw"] = 2
					}
					for i := range tail {
						name := fmt.Sprintf("segment%+d", i+1)
						want["Lstat "+name], want["Open "+name] = 1, 1
						require.Positive(t, got["ReadAt "+name])
						delete(got, "ReadAt "+name)
					}
					for i := range n {
						name := fmt.Sprintf("segment%+d", i-n+1)
						if sort != saved { // held against the segments, by their ends
							want["Lstat "+name], want["Open "+name] = 1, 1
							require.LessOrEqual(t, got["ReadAt "+name], map[bool]int{true: 2, false: 4}[sort == judged || i == n-1])
							delete(got, "ReadAt "+name)
						}
					}
					require.Equal(t, want, got)
					require.Equal(t, w.events, all(t, r))
				})
			}
		}
	}
}

// TestRefreshLooksAtFew counts the calls of a refresh, which needs no sizes of old segments.
func TestRefreshLooksAtFew(t *testing.T) {
	for _, n := range []int{3, 200} {
		p, w := longStore(t, n, 1, judged)
		fs := &counting{ReadFS: p.fs, calls: map[string]int{}}
		r := p.openOn(t, fs)
		fs.take(0)
		want := maps.Clone(whatOpens)
		delete(want, "Open index.fbati")
		want["Lstat segment+1"] = 1
		changed, err := r.Refresh(t.Context())
		require.NoError(t, err)
		require.False(t, changed)
		require.Equal(t, want, fs.take(uint64(n)))

		w.segment()
		w.append("entity")
		w.flushAll()
		changed, err = r.Refresh(t.Context())
		require.NoError(t, err)
		require.True(t, changed)
		got := fs.take(uint64(n))
		delete(got, "ReadAt index.fbati")
		for _, name := range []string{"segment+1", "segment+2"} { // what is new is read on from there
			require.LessOrEqual(t, got["Open "+name], 1)
			delete(got, "Open "+name)
			delete(got, "ReadAt "+name)
		}
		want["Lstat segment+2"] = 1
		want["Lstat store.thaw"] = 2 // several files were read, which must be of one moment
		require.Equal(t, want, got)
		require.Equal(t, w.events, all(t, r))
		w.close()
	}
}

// TestOldSegmentOnDemand reads from a segment that the open did not look at: the read looks at it,
// once.
func TestOldSegmentOnDemand(t *testing.T) {
	p, w := longStore(t, 5, 0, bare)
	require.NoError(t, p.openStore(t, host.Options{}).Close()) // an index without index.thaw is held against the segments
	// The index lists nothing before segment 5; segment 2 is given an event
	// that only its position tells.
	fs := &counting{ReadFS: p.fs, calls: map[string]int{}}
	r := p.openOn(t, fs)
	fs.take(0)
	e := w.events[0]
	p.put(t, map[string][]byte{segment.Name(2): p.read(t, segment.Name(5))})
	e.Position.Segment = 2
	for range 3 {
		full, err := r.Read(t.Context(), e)
		require.NoError(t, err)
		require.Equal(t, e, event.Event{Facts: full.Facts, Coordinate: full.Coordinate})
	}
	require.Equal(t, map[string]int{"Lstat segment+0": 1, "Open segment+0": 1, "ReadAt segment+0": 3}, fs.take(2))

	p.remove(t, segment.Name(3))
	e.Position.Segment = 3
	full, err := r.Read(t.Context(), e) // found where the index has it
	require.NoError(t, err)
	require.Equal(t, e.ID, full.ID)
}

// openOn opens the store through another view of its file system.
func (p place) openOn(t testing.TB, fs fsabstraction.ReadFS) *host.DirReader {
	r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: fs, Logger: quiet})
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}
