package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/concurrently"
	"github.com/thawlog/thaw/core/store"
)

// TestDecodeEach: it returns what ReadEach does, each with what decode made of it, up to the
// first error of either.
func TestDecodeEach(t *testing.T) {
	refused := errors.New("refused")
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 5))
		files := randomFrames(rng)
		o := store.Options{Seed: seed, Hash: hash}
		if seed%2 == 0 {
			o.Ahead = concurrently.Ahead
		}
		s, err := store.Open(onFiles{files}, o)
		require.NoError(t, err)
		pin := func() (*store.Snapshot, error) { return s, nil }
		for what, events := range questions(s, rng) {
			what = fmt.Sprint(seed, what)
			want, wantEnd := inBatches(t, s, events)
			last := uint64(1 << 60) // decode refuses it
			if seed%3 == 0 && len(want) > 0 {
				last = want[rng.IntN(len(want))].Sequence
			}
			decode := func(e *event.Full) (any, error) {
				if e.Sequence == last {
					return nil, refused
				}
				return fmt.Sprint(e.Sequence, e.Payload), nil
			}
			n := 0
			for e, d := range store.DecodeEach(pin, events, decode) {
				if n == len(want) {
					require.Equal(t, fmt.Sprint(wantEnd), fmt.Sprint(d.Err), what)
					require.Zero(t, e, what)
					n = -1 // there is no more
					continue
				}
				require.Equal(t, want[n].Event, e.Event, what)
				if e.Sequence == last {
					require.Equal(t, store.Decoded{Err: refused}, d, what)
					n = -1
					continue
				}
				require.Equal(t, store.Decoded{Value: fmt.Sprint(e.Sequence, e.Payload)}, d, what)
				n++
			}
			require.True(t, n < 0 || n == len(want) && wantEnd == nil, what)
		}
	}
}

// TestDecodeEachPanics: a decode that panics does so in the loop, which can recover, and not
// before the event's turn.
func TestDecodeEachPanics(t *testing.T) {
	payloads := make([][]byte, 3000)
	for i := range payloads {
		payloads[i] = make([]byte, 300)
	}
	s, events := openFrames(t, payloads, store.Options{Ahead: concurrently.Ahead})
	for _, bad := range []uint64{0, 15, 500, 2999} {
		n, panics := uint64(0), atomic.Int64{}
		require.PanicsWithValue(t, "oh", func() {
			pin := func() (*store.Snapshot, error) { return s, nil }
			for _, d := range store.DecodeEach(pin, seqOf(events, nil), func(e *event.Full) (any, error) {
				if e.Sequence == bad {
					panics.Add(1)
					panic("oh")
				}
				return nil, nil
			}) {
				require.NoError(t, d.Err)
				n++
			}
		})
		require.Equal(t, bad, n)
		require.EqualValues(t, 2, panics.Load())
	}
}
