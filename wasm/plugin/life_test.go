package plugin

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/madestore"
)

// openMade opens a store of 1200 events in four segments.
func openMade(t testing.TB, o ReaderOptions) (r *Reader, dir string) {
	dir = t.TempDir()
	for name, b := range made(t) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	r, err := loaded(t).OpenReader(t.Context(), dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r, dir
}

func all(t testing.TB, q host.Reader) (events []event.Event) {
	for e, err := range q.Query(t.Context(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		events = append(events, e)
	}
	return events
}

// TestNested: a loop may run other queries, and stop early.
func TestNested(t *testing.T) {
	r, _ := openMade(t, ReaderOptions{})
	n := 0
	for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		full, err := r.Read(t.Context(), e)
		require.NoError(t, err)
		require.Equal(t, e, event.Event{Facts: full.Facts, Coordinate: full.Coordinate})
		for other, err := range r.Stream(t.Context(), e.Entity, host.StreamPage{}) {
			require.NoError(t, err)
			require.Equal(t, e.Entity, other.Entity)
			break
		}
		n++
	}
	require.Equal(t, 1200, n)
}

// TestTogether: many goroutines query at once, and all get complete results.
func TestTogether(t *testing.T) {
	r, _ := openMade(t, ReaderOptions{})
	want := all(t, r)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 3 {
				n := 0
				for e, err := range r.Query(context.Background(), host.Region{}, host.Page{}) {
					assert.NoError(t, err)
					assert.Equal(t, want[n], e)
					n++
				}
				assert.Len(t, want, n)
				full, err := r.Get(context.Background(), want[7].ID)
				assert.NoError(t, err)
				assert.Equal(t, want[7], event.Event{Facts: full.Facts, Coordinate: full.Coordinate})
			}
		})
	}
	wg.Wait()
}

// TestContext: a context ends an open, a query and an iteration, and the reader still works.
func TestContext(t *testing.T) {
	r, dir := openMade(t, ReaderOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var failed error
	for _, err := range r.Query(ctx, host.Region{}, host.Page{}) {
		if failed = err; err != nil {
			break
		}
		if n++; n == 100 {
			cancel()
		}
	}
	require.ErrorIs(t, failed, context.Canceled)
	require.Less(t, n, 100+2*contextEvery)
	_, err := r.Count(ctx, host.Region{}, 0)
	require.ErrorIs(t, err, context.Canceled)
	_, err = r.Get(ctx, event.ID{1})
	require.ErrorIs(t, err, context.Canceled)
	_, err = loaded(t).OpenReader(ctx, dir, ReaderOptions{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = loaded(t).Verify(ctx, dir, ReaderOptions{}, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, all(t, r), 1200)
}

// TestInterrupt: with Options.Interrupt a context also ends a query within a step.
func TestInterrupt(t *testing.T) {
	p, err := Load(t.Context(), wasmOf(t), cached(Options{Interrupt: true}))
	require.NoError(t, err)
	defer p.Close()
	r, err := p.OpenReader(t.Context(), copyStore(t, "rotated"), ReaderOptions{})
	require.NoError(t, err)
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	v, release, err := r.acquire()
	require.NoError(t, err)
	defer release()
	m, err := v.lock(ctx)
	require.NoError(t, err)
	cancel()
	_, err = m.call(ctx, &m.alloc, 1)
	v.unlock(m)
	var trap *TrapError
	require.ErrorAs(t, err, &trap)
	n, err := r.Count(t.Context(), host.Region{}, 0)
	require.NoError(t, err)
	require.EqualValues(t, 48, n)
}

// TestClosed: closed readers return ErrClosed; iterations in progress complete.
func TestClosed(t *testing.T) {
	r, _ := openMade(t, ReaderOptions{})
	s, err := r.Snapshot()
	require.NoError(t, err)
	n := 0
	for _, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		if n++; n == 1 {
			require.NoError(t, r.Close())
		}
	}
	require.Equal(t, 1200, n)
	require.ErrorIs(t, r.Close(), host.ErrClosed)
	_, err = r.Count(t.Context(), host.Region{}, 0)
	require.ErrorIs(t, err, fs.ErrClosed)
	_, err = r.Refresh(t.Context())
	require.ErrorIs(t, err, host.ErrClosed)
	_, err = r.Snapshot()
	require.ErrorIs(t, err, host.ErrClosed)
	require.Empty(t, r.Report())
	require.Len(t, all(t, s), 1200)
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Close(), host.ErrClosed)
	_, err = s.Count(t.Context(), host.Region{}, 0)
	require.ErrorIs(t, err, host.ErrClosed)
}

// TestRefresh: a reader sees the store as of its open or last refresh.
func TestRefresh(t *testing.T) {
	shape := madestore.Shape{Seed: 3, PerSegment: 100, Indexed: 1, Tail: 2, Entities: 9, Scopes: 2}
	longer, dir := madestore.New(t, shape), t.TempDir()
	write := func(name string) { require.NoError(t, os.WriteFile(filepath.Join(dir, name), longer[name], 0o600)) }
	for name := range longer {
		if name != segment.Name(3) {
			write(name)
		}
	}
	r, err := loaded(t).OpenReader(t.Context(), dir, ReaderOptions{})
	require.NoError(t, err)
	defer r.Close()
	changed, err := r.Refresh(t.Context())
	require.NoError(t, err)
	require.False(t, changed)
	before, err := r.Snapshot()
	require.NoError(t, err)
	defer before.Close()
	write(segment.Name(3))
	require.Len(t, all(t, r), 200)
	changed, err = r.Refresh(t.Context())
	require.NoError(t, err)
	require.True(t, changed)
	require.Len(t, all(t, r), 300)
	require.Len(t, all(t, before), 200)
	require.EqualValues(t, 200, r.Report().TailEvents)
}

// TestNotThere opens a missing directory and an empty one.
func TestNotThere(t *testing.T) {
	_, err := loaded(t).OpenReader(t.Context(), filepath.Join(t.TempDir(), "none"), ReaderOptions{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	r, err := loaded(t).OpenReader(t.Context(), t.TempDir(), ReaderOptions{})
	require.NoError(t, err)
	require.Empty(t, all(t, r))
	require.NoError(t, r.Close())
	_, err = Load(t.Context(), []byte("no module"), Options{NoCache: true})
	require.Error(t, err)
	_, err = LoadFile(t.Context(), filepath.Join(t.TempDir(), "none.wasm"), Options{})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// broken is a file system on which segments can no longer be read.
type broken struct {
	osfs.FS
	failed *bool
}

var errDisk = errors.New("the disk is gone")

func (b broken) Open(name string) (fsabstraction.File, error) {
	f, err := b.FS.Open(name)
	return brokenFile{f, b.failed}, err
}

type brokenFile struct {
	fsabstraction.File
	failed *bool
}

func (f brokenFile) ReadAt(p []byte, off int64) (int, error) {
	if *f.failed {
		return 0, errDisk
	}
	return f.File.ReadAt(p, off)
}

// TestHostCannotRead: the error includes the read error, as in package host.
func TestHostCannotRead(t *testing.T) {
	failed := false
	r, _ := openMade(t, ReaderOptions{FS: broken{failed: &failed}})
	events := all(t, r)
	failed = true
	var got error
	for _, e := range events {
		if _, got = r.Read(t.Context(), e); got != nil {
			break
		}
	}
	require.ErrorIs(t, got, errDisk)
	require.ErrorIs(t, got, host.ErrRead)
	var unread *source.ReadError
	require.ErrorAs(t, got, &unread)
	require.Contains(t, unread.File, segment.Extension)
	var d *damage.Damage
	require.False(t, errors.As(got, &d), "nothing is known to be damaged")
	failed = false
	require.Len(t, all(t, r), 1200)
}

// TestCache: compiled code is found again, even by another Plugin.
func TestCache(t *testing.T) {
	skipShort(t)
	dir := t.TempDir()
	for range 2 {
		p, err := Load(t.Context(), wasmOf(t), Options{CacheDir: dir})
		require.NoError(t, err)
		require.NoError(t, p.Close())
		files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
		require.NoError(t, err)
		require.Len(t, files, 1)
	}
}

// TestCacheDamaged: cached code that cannot be loaded is compiled again.
func TestCacheDamaged(t *testing.T) {
	skipShort(t)
	damages := map[string]func([]byte) []byte{
		"empty":             func([]byte) []byte { return nil },
		"cut in the header": func(b []byte) []byte { return b[:10] },
		"cut in half":       func(b []byte) []byte { return b[:len(b)/2] },
		"a flipped bit": func(b []byte) []byte {
			b[len(b)/2] ^= 1
			return b
		},
	}
	// A small module compiles in no time.
	small := liar(abi.Version, abi.Done, "")
	dir := t.TempDir()
	for what, damage := range damages {
		t.Run(what, func(t *testing.T) { require.NoError(t, loadDamaged(t, small, t.TempDir(), damage).Close()) })
	}
	t.Run("of thaw.wasm", func(t *testing.T) {
		p := loadDamaged(t, wasmOf(t), dir, damages["a flipped bit"])
		r, err := p.OpenReader(t.Context(), copyStore(t, "rotated"), ReaderOptions{})
		require.NoError(t, err)
		require.Len(t, all(t, r), 48)
		require.NoError(t, r.Close())
		require.NoError(t, p.Close())
	})
	_, err := Load(t.Context(), []byte("no module"), Options{CacheDir: dir})
	require.Error(t, err)
}

// loadDamaged loads a module by a cache in dir whose file for it is damaged.
func loadDamaged(t *testing.T, module []byte, dir string, damage func([]byte) []byte) *Plugin {
	p, err := Load(t.Context(), module, Options{CacheDir: dir})
	require.NoError(t, err)
	require.NoError(t, p.CacheError())
	require.NoError(t, p.Close())
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	kept, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(files[0], damage(kept), 0o600))
	p, err = Load(t.Context(), module, Options{CacheDir: dir})
	require.NoError(t, err)
	require.ErrorIs(t, p.CacheError(), errCompile)
	return p
}

// TestPanicInLoop: an iteration whose loop panics ends its query.
func TestPanicInLoop(t *testing.T) {
	r, _ := openMade(t, ReaderOptions{})
	for range abi.MaxTasks + 1 {
		require.PanicsWithValue(t, "loop", func() {
			for _, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
				require.NoError(t, err)
				panic("loop")
			}
		})
	}
	require.Len(t, all(t, r), 1200)
}

// TestWaitedForLost: a query that waits for an instance gets another one if the query before it traps.
func TestWaitedForLost(t *testing.T) {
	r, _ := openMade(t, ReaderOptions{})
	v, release, err := r.acquire()
	require.NoError(t, err)
	defer release()
	var held []*member
	for range loaded(t).options.Instances {
		m, err := v.lock(t.Context())
		require.NoError(t, err)
		held = append(held, m)
	}
	counted := make(chan error)
	go func() {
		_, err := r.Count(context.Background(), host.Region{}, 0)
		counted <- err
	}()
	require.Eventually(t, func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.freed != nil // it waits
	}, time.Minute, time.Millisecond)
	for _, m := range held {
		_, err := m.call(t.Context(), &m.alloc, 1_900_000_000)
		require.Error(t, err)
		v.unlock(m)
	}
	require.NoError(t, <-counted)
}

// lateFS omits a segment from its first listing, as a directory read may miss a file created meanwhile.
type lateFS struct {
	osfs.FS
	listings *int
}

func (l lateFS) ReadDir(dir string) ([]fsabstraction.Entry, error) {
	entries, err := l.FS.ReadDir(dir)
	if *l.listings++; *l.listings == 1 {
		entries = slices.DeleteFunc(entries, func(e fsabstraction.Entry) bool { return e.Name == segment.Name(3) })
	}
	return entries, err
}

// TestOverlooked: a segment that a listing missed is not reported as lost.
func TestOverlooked(t *testing.T) {
	listings := 0
	r, _ := openMade(t, ReaderOptions{FS: lateFS{listings: &listings}})
	require.Equal(t, 2, listings)
	require.Empty(t, r.Report().Damages)
	require.Len(t, all(t, r), 1200)
}
