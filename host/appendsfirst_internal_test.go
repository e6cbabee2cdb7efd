package host

import (
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/memfs"
)

// TestPauses: a pause ends with the appends that are served, or after its bound, and work of the
// same length follows.
func TestPauses(t *testing.T) {
	took := func(p *pauses) time.Duration {
		begin := time.Now()
		p.pause()
		return time.Since(begin)
	}
	const served = 10 * appendsLook
	tests := map[string]struct {
		begin func(a *appendsFirst) *pauses
		want  time.Duration
	}{
		"nothing is served": {(*appendsFirst).pauses, 0},
		"without appends":   {func(*appendsFirst) *pauses { return nil }, 0},
		"until the answer": {func(a *appendsFirst) *pauses {
			a.serving(true)
			time.AfterFunc(served-1, func() { a.serving(false) })
			return a.pauses()
		}, served},
		"bounded": {func(a *appendsFirst) *pauses {
			a.serving(true)
			return a.pauses()
		}, appendsPause},
		"after a pause": {func(a *appendsFirst) *pauses {
			a.serving(true)
			p := a.pauses()
			p.pause()
			time.Sleep(appendsPause - 1)
			return p
		}, 0},
		"after a pause and as much work": {func(a *appendsFirst) *pauses {
			a.serving(true)
			p := a.pauses()
			p.pause()
			time.Sleep(appendsPause)
			return p
		}, appendsPause},
		"with another goroutine": {func(a *appendsFirst) *pauses {
			a.serving(true)
			p := a.pauses()
			go p.pause()
			time.Sleep(appendsPause - 2*appendsLook + 1)
			return p
		}, 2 * appendsLook},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				require.Equal(t, test.want, took(test.begin(new(appendsFirst))))
			})
		})
	}
}

// TestPausesAreHalf: beside endless appends, steps that wait for each other take about twice their time,
// in whatever goroutine they are.
func TestPausesAreHalf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const steps, work = 1000, 70 * time.Microsecond
		a := new(appendsFirst)
		a.serving(true)
		p, begin := a.pauses(), time.Now()
		for i := range steps {
			done := make(chan struct{})
			step := func() {
				p.pause()
				time.Sleep(work)
				close(done)
			}
			if i%2 == 0 {
				go step()
			} else {
				step()
			}
			<-done
		}
		took := time.Since(begin)
		require.Greater(t, took, steps*work*19/10)
		require.Less(t, took, steps*work*2+appendsPause)
	})
}

// servedFS notes what the writer says of the appends that it serves while a segment is synced.
type servedFS struct {
	fsabstraction.FS
	served func() bool
	seen   atomic.Int32 // syncs with it
}

type servedFile struct {
	fsabstraction.WriteFile
	fs *servedFS
}

func (f *servedFS) Create(name string) (fsabstraction.WriteFile, error) {
	file, err := f.FS.Create(name)
	if err != nil || filepath.Ext(name) != ".fbat" {
		return file, err
	}
	return &servedFile{file, f}, nil
}

func (f *servedFile) Sync() error {
	if f.fs.served != nil && f.fs.served() {
		f.fs.seen.Add(1)
	}
	return f.WriteFile.Sync()
}

// TestAppendsAreServed: the writer serves an append until it is answered.
func TestAppendsAreServed(t *testing.T) {
	fsys := &servedFS{FS: memfs.New()}
	s := openSmall(t, fsys)
	appends := &s.flusher.appends
	fsys.served = appends.served.Load
	for n := range 4 {
		_, err := s.Append(t.Context(), event.At("entity", "scope"), 0x1001, n)
		require.NoError(t, err)
		require.NotZero(t, fsys.seen.Swap(0))
	}
	require.NoError(t, s.Close())
	require.False(t, appends.served.Load())
}

func openSmall(t *testing.T, fsys fsabstraction.FS) *Store {
	s, err := Open(t.Context(), "store", Options{FS: fsys, Unlocked: true, SegmentSize: 1, NoMerge: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return s
}

// slowFS takes as long for a write or a removal as a pause, so that one is due before the next. It
// notes the shortest time before one, by what it is for.
type slowFS struct {
	fsabstraction.FS
	mu    sync.Mutex
	ended time.Time
	least map[string]time.Duration
}

func (f *slowFS) step(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if least, found := f.least[what]; f.least != nil {
		since := time.Since(f.ended)
		if found {
			since = min(since, least)
		}
		f.least[what] = since
	}
	time.Sleep(appendsPause)
	f.ended = time.Now()
}

func (f *slowFS) Create(name string) (fsabstraction.WriteFile, error) {
	file, err := f.FS.Create(name)
	for _, what := range []string{".fbat.swap", "index.thaw.swap", "scratch-"} {
		if err == nil && strings.Contains(name, what) {
			return &slowFile{file, f, what}, nil
		}
	}
	return file, err
}

func (f *slowFS) Remove(name string) error {
	if strings.HasSuffix(name, ".fbat") {
		f.step("remove")
	}
	return f.FS.Remove(name)
}

type slowFile struct {
	fsabstraction.WriteFile
	fs   *slowFS
	what string
}

func (f *slowFile) WriteAt(b []byte, off int64) (int, error) {
	f.fs.step(f.what)
	return f.WriteFile.WriteAt(b, off)
}

// TestCompactionStandsBack: a compaction pauses before each write and removal beside an append that
// never ends, and ends nevertheless.
func TestCompactionStandsBack(t *testing.T) {
	fsys := &slowFS{FS: memfs.New()}
	s := openSmall(t, fsys.FS)
	for n := range 4 { // not below: requests are reused, and their channels belong to a bubble
		_, err := s.Append(t.Context(), event.At("entity", "scope"), 0x1001, n)
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	synctest.Test(t, func(t *testing.T) {
		s := openSmall(t, fsys)
		synctest.Wait()
		s.flusher.appends.serving(true)
		begin := time.Now()
		_, err := s.Compact(t.Context(), Compaction{DryRun: true})
		require.NoError(t, err)
		require.Equal(t, appendsPause, time.Since(begin))
		fsys.least, fsys.ended = map[string]time.Duration{}, time.Now()
		r, err := s.Compact(t.Context(), Compaction{SegmentSize: 1 << 20})
		require.NoError(t, err)
		require.Equal(t, uint64(4), r.Events)
		require.Equal(t, 1, r.Segments)
		require.Len(t, fsys.least, 4)
		for what, least := range fsys.least {
			require.GreaterOrEqual(t, least, appendsPause, what)
		}
		require.NoError(t, s.Close())
	})
}

// TestSegmentFilesStandBack: the goroutine that writes segments pauses before a write, and before it
// starts a sync.
func TestSegmentFilesStandBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys, appends := &slowFS{FS: memfs.New()}, new(appendsFirst)
		require.NoError(t, fsys.MkdirAll("store"))
		swap, err := beginSwap(fsys, "store")
		require.NoError(t, err)
		appends.serving(true)
		begin := time.Now()
		w := newSegmentFiles(swap, appends.pauses())
		require.NoError(t, w.put(1, make([]byte, segmentSync)))
		require.NoError(t, w.close(nil))
		require.Equal(t, 3*appendsPause, time.Since(begin)) // one is the write
	})
}
