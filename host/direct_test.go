package host_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// writeGate is a file system whose writes to segments can block.
type writeGate struct {
	*crashfs.FS
	held    atomic.Pointer[chan struct{}]
	arrived chan struct{} // one for each write that hangs
}

func newWriteGate() *writeGate {
	return &writeGate{FS: crashfs.New(), arrived: make(chan struct{}, 100)}
}

// hold makes writes block until release is called.
func (g *writeGate) hold() (release func()) {
	held := make(chan struct{})
	g.held.Store(&held)
	return sync.OnceFunc(func() {
		g.held.Store(nil)
		close(held)
	})
}

func (g *writeGate) Create(name string) (fsabstraction.WriteFile, error) {
	f, err := g.FS.Create(name)
	return waitingFile{f, g}, err
}

type waitingFile struct {
	fsabstraction.WriteFile
	gate *writeGate
}

func (f waitingFile) WriteAt(p []byte, off int64) (int, error) {
	if held := f.gate.held.Load(); held != nil {
		f.gate.arrived <- struct{}{}
		<-*held
	}
	return f.WriteFile.WriteAt(p, off)
}

// TestDirect: while an append without a sync writes in its own goroutine, others wait in the
// queue and may leave it, and Close waits.
func TestDirect(t *testing.T) {
	g := newWriteGate()
	s := place{g, storeDir}.openStore(t, host.Options{Durability: host.LoseUnsynced})
	require.NoError(t, appendOne(s, "first")) // it begins the segment
	release := g.hold()
	t.Cleanup(release)
	direct := make(chan error, 1)
	go func() { direct <- appendOne(s, "direct") }()
	<-g.arrived

	ctx, cancel := context.WithCancelCause(t.Context())
	withdrawn, queued := make(chan error, 1), make(chan error, 1)
	go func() { queued <- appendOne(s, "queued") }()
	go func() {
		_, err := s.Append(ctx, event.At("withdrawn", "s"), event.Data, 1)
		withdrawn <- err
	}()
	// The writer's goroutine holds one of them and waits, and the other one is in the queue.
	// The first to arrive is there too, until the writer takes it: look again.
	for range 20 {
		time.Sleep(time.Millisecond)
		awaitQueued(s, 1)
	}
	cancel(errGone)
	err := <-withdrawn
	require.ErrorIs(t, err, errGone)
	require.NotErrorIs(t, err, host.ErrUnknown)

	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	for !host.Closing(s) {
		time.Sleep(time.Millisecond)
	}
	require.ErrorIs(t, appendOne(s, "late"), host.ErrClosed)
	require.Empty(t, closed)
	require.Empty(t, queued)
	release()
	require.NoError(t, <-direct)
	require.NoError(t, <-queued)
	require.NoError(t, <-closed)
	r := place{g, storeDir}.open(t, host.ReaderOptions{})
	require.Equal(t, []string{"first", "direct", "queued"}, entities(all(t, r)))
}

// TestDirectEndedBefore: a context that has ended keeps an append from being written, also
// where it would not wait.
func TestDirectEndedBefore(t *testing.T) {
	s := newGate().place().openStore(t, host.Options{Durability: host.LoseUnsynced})
	require.NoError(t, appendOne(s, "first"))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errGone)
	for range 50 {
		_, err := s.Append(ctx, event.At("e", "s"), event.Data, 1)
		require.ErrorIs(t, err, errGone)
	}
	require.EqualValues(t, 1, s.Committed())
}

// TestDirectIsInTheFile: an acknowledged append survives the death of the process at once,
// over rotations, and a sync makes it survive a power cut.
func TestDirectIsInTheFile(t *testing.T) {
	mem := crashfs.New()
	s := place{mem, storeDir}.openStore(t, host.Options{Durability: host.LoseUnsynced, SegmentSize: 3000})
	for i := range 40 {
		require.NoError(t, appendOne(s, fmt.Sprint(i)))
		left := place{mem.Crash(crashfs.Cut{Survive: 100}), storeDir}
		require.Len(t, all(t, left.open(t, host.ReaderOptions{})), i+1)
		if i%7 == 0 {
			require.NoError(t, s.Sync(background))
			left = place{mem.Crash(crashfs.Cut{}), storeDir}
			require.Len(t, all(t, left.open(t, host.ReaderOptions{})), i+1)
		}
	}
}

// TestDirectWaitsForNoSync: an append that is synced, or that needs another segment and so
// the sync of the last one, waits for the writer's goroutine, and its context may end
// meanwhile.
func TestDirectWaitsForNoSync(t *testing.T) {
	for name, o := range map[string]host.Options{
		"rotation": {Durability: host.LoseUnsynced, SegmentSize: 1},
		"on disk":  {},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate()
			s := g.place().openStore(t, o)
			require.NoError(t, appendOne(s, "a"))
			release := g.hold()
			t.Cleanup(release)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := s.Append(ctx, event.At("b", "s"), event.Data, 1)
				done <- err
			}()
			<-g.arrived
			cancel()
			require.ErrorIs(t, <-done, host.ErrUnknown)
			release()
			require.NoError(t, appendOne(s, "c"))
			require.Equal(t, []string{"a", "b", "c"}, entities(all(t, s)))
		})
	}
}

// TestForgottenIsFreed: what the writer forgets after a flush is freed without a query, and
// what it has at the end is freed by Close.
func TestForgottenIsFreed(t *testing.T) {
	p := newGate().place()
	o := p.small()
	o.Durability = host.LoseUnsynced
	s := p.openFlushing(t, true, o)
	most := 0
	for range 500 {
		appendSome(t, s, "e", 1)
		most = max(most, host.Kept(s))
		require.LessOrEqual(t, host.Held(s), host.Kept(s))
	}
	require.Less(t, most, 400, "or nothing was forgotten")
	require.NotZero(t, host.Kept(s))
	require.NoError(t, s.Close())
	require.Zero(t, host.Kept(s))
	require.EqualValues(t, 500, s.Committed())
}

// TestRequestsAreReused: requests that were answered are used again, and those withdrawn are
// not, since the writer still has them.
func TestRequestsAreReused(t *testing.T) {
	g := newGate()
	s := g.place().openStore(t, host.Options{})
	release, first := g.stuck(t, s)
	const n = 30
	var wg sync.WaitGroup
	withdraw := func() {
		ctx, cancel := context.WithCancel(t.Context())
		gone, before := make(chan error), host.Queued(s)
		go func() {
			_, err := s.Append(ctx, event.At("gone", "s"), event.Data, 1)
			gone <- err
		}()
		awaitQueued(s, before+1)
		cancel()
		require.ErrorIs(t, <-gone, context.Canceled)
	}
	for i := range n {
		withdraw()
		wg.Go(func() { assert.NoError(t, appendOne(s, fmt.Sprint(i))) })
		awaitQueued(s, 2*i+2)
	}
	for range 3 { // nothing uses these again before the writer takes them
		withdraw()
	}
	release()
	wg.Wait()
	require.NoError(t, <-first)
	events := all(t, s)
	require.Len(t, events, n+1)
	for i, e := range events[1:] {
		require.Equal(t, fmt.Sprint(i), e.Entity)
	}
}

// TestDirectTogether appends from many goroutines without a sync, singly and in batches, with
// readers, waiting readers and syncs between them.
func TestDirectTogether(t *testing.T) {
	for _, d := range []host.Durability{host.LoseUnsynced, host.LoseUpTo(time.Millisecond)} {
		mem := crashfs.New()
		s := place{mem, storeDir}.openStore(t, host.Options{Durability: d, SegmentSize: 40_000})
		const goroutines, n = 16, 60
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() {
				last := uint64(0)
				for j := range n {
					r, err := s.Append(background, event.At(fmt.Sprint("e", g), "s"), event.Data, host.Raw{byte(j)}, host.Expect(host.AtClock(uint32(j)-1)))
					if j == 0 {
						assert.ErrorIs(t, err, host.ErrConflict)
						r, err = s.Append(background, event.At(fmt.Sprint("e", g), "s"), event.Data, host.Raw{0})
					}
					assert.NoError(t, err)
					assert.EqualValues(t, j, r.Clock)
					assert.True(t, j == 0 || r.Sequence > last)
					last = r.Sequence
					assert.Greater(t, s.Committed(), last)
					if j%16 == 0 {
						full, err := s.Get(background, r.ID)
						assert.NoError(t, err)
						assert.Equal(t, []byte{byte(j)}, full.Payload)
						assert.NoError(t, s.Sync(background))
					}
				}
			})
		}
		wg.Go(func() {
			for next := uint64(0); next < goroutines*n; {
				var err error
				next, err = s.WaitCommitted(background, next)
				assert.NoError(t, err)
			}
		})
		wg.Wait()
		require.Len(t, all(t, s), goroutines*n)
		require.NoError(t, s.Close())
		result, err := host.Verify(background, storeDir, host.ReaderOptions{FS: mem, Logger: quiet}, nil)
		require.NoError(t, err)
		require.Empty(t, result.Damages)
	}
}

// TestAppendAllocations: an append without a sync of bytes in MessagePack allocates next to
// nothing.
func TestAppendAllocations(t *testing.T) {
	s := newGate().place().openStore(t, host.Options{Durability: host.LoseUnsynced})
	at := event.At("e", "s")
	value := host.Raw{0xa1, 'x'}
	n := testing.AllocsPerRun(2000, func() {
		if _, err := s.Append(background, at, event.Data, value); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("%v allocations", n)
	if !raceEnabled {
		require.LessOrEqual(t, n, 3.0)
	}
}
