package host_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/host"
)

// TestCloseWaitsForThoseInside closes the store while its writer hangs, its queue is
// full and more appends wait to be let in: each of them is written, or refused because
// the store is closed.
func TestCloseWaitsForThoseInside(t *testing.T) {
	const full, more = 1024, 200
	g := newGate()
	s := g.place().openStore(t, host.Options{})
	release, first := g.stuck(t, s)
	var wg sync.WaitGroup
	for range full + more {
		wg.Go(func() {
			if _, err := s.Append(background, event.At("e", "s"), event.Data, 1); err != nil {
				assert.ErrorIs(t, err, host.ErrClosed)
			}
		})
	}
	awaitQueued(s, full)
	for range 10_000 { // until those that are left have come to the queue
		runtime.Gosched()
	}
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	for !host.Closing(s) {
		runtime.Gosched()
	}
	release()
	require.NoError(t, <-closed)
	require.NoError(t, <-first)
	wg.Wait()
}

// TestCloseWaitsForTheIndex closes the store while an index is being written in the
// background: the one that the close writes comes after it.
func TestCloseWaitsForTheIndex(t *testing.T) {
	g := newFlushGate()
	p := place{g, storeDir}
	s := p.openFlushing(t, false, p.small())
	release := g.hold()
	t.Cleanup(func() { release() })
	for len(g.arrived) == 0 {
		appendSome(t, s, "e", 1)
	}
	appendSome(t, s, "e", 50)
	require.Len(t, g.written(), 1)
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	g.awaitSealed()
	for range 100 {
		time.Sleep(time.Millisecond)
		require.Empty(t, g.written(), "an index is written beside another")
	}
	release()
	require.NoError(t, <-closed)
	require.True(t, s.CloseReport().IndexWritten)
}

// TestCloseAmidAppends closes stores to which others go on to append: what is refused
// is refused because the store is closed.
func TestCloseAmidAppends(t *testing.T) {
	for range 300 {
		s := newGate().place().openStore(t, host.Options{Durability: host.LoseUnsynced})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					if _, err := s.Append(background, event.At("e", "s"), event.Data, 1); err != nil {
						assert.ErrorIs(t, err, host.ErrClosed)
						return
					}
				}
			})
		}
		for s.Committed() == 0 {
			runtime.Gosched()
		}
		require.NoError(t, s.Close())
		wg.Wait()
	}
}

// awaitSealed returns when a close has done with the log, of which the mark is the last
// to go, and is about to write its index.
func (g *flushGate) awaitSealed() {
	for marked := true; marked; {
		_, marked = g.Files(storeDir)[synced.FileName]
		runtime.Gosched()
	}
	time.Sleep(10 * time.Millisecond)
}
