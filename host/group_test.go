package host_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// TestGroupCommit appends from many goroutines while a sync blocks: all of them share the
// next one.
func TestGroupCommit(t *testing.T) {
	const n = 200
	g := newGate()
	s := g.place().openStore(t, host.Options{})
	release, first := g.stuck(t, s)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			_, err := s.Append(background, event.At(fmt.Sprint(i), "s"), event.Data, i)
			assert.NoError(t, err)
		})
	}
	awaitQueued(s, n)
	g.take()
	release()
	wg.Wait()
	require.NoError(t, <-first)
	require.Equal(t, 1, count(g.take(), "000001.fbat"))
	require.Len(t, all(t, s), n+1)
}

// TestOrderOfOneGoroutine: each goroutine's appends keep their order, even over rotations.
func TestOrderOfOneGoroutine(t *testing.T) {
	const n = 50
	s := newGate().place().openStore(t, host.Options{SegmentSize: 4000})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			last := uint64(0)
			for j := range n {
				r, err := s.Append(background, event.At(fmt.Sprint("e", j%3), fmt.Sprint(i)), event.Data, j)
				assert.NoError(t, err)
				assert.True(t, j == 0 || r.Sequence > last)
				last = r.Sequence
			}
		})
	}
	wg.Wait()
	events := all(t, s)
	require.Len(t, events, 8*n)
	for i, e := range events {
		require.Equal(t, uint64(i), e.Sequence)
	}
}

// TestFirstEventRace appends an entity's first event from many goroutines: one succeeds, and
// the others get the state of the entity.
func TestFirstEventRace(t *testing.T) {
	g := newGate()
	s := g.place().openStore(t, host.Options{})
	for round := range 20 {
		const n = 16
		entity := fmt.Sprint("e", round)
		errs := make(chan error, n)
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				_, err := s.Append(background, event.At(entity, "s"), event.Data, 1, host.Expect(host.NoEvents))
				errs <- err
			})
		}
		wg.Wait()
		close(errs)
		won := 0
		for err := range errs {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, host.ErrConflict)
			var lost *host.ExpectError
			require.True(t, errors.As(err, &lost))
			require.Equal(t, entity, lost.Entity)
			require.Equal(t, host.NoEvents, lost.Expected)
			require.True(t, lost.Actual.Some)
			require.Zero(t, lost.Actual.Clock)
		}
		require.Equal(t, 1, won)
	}
}
