package react_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/react"
	"github.com/thawlog/thaw/host/typed"
)

// world receives what is delivered, and checks it.
type world struct {
	t      *rapid.T
	atOnce int

	mu       sync.Mutex
	events   []host.Receipt // of the region
	entities []string       // theirs
	fails    map[uint64]int // how often an event still fails, or always
	dealt    map[uint64]bool
	parked   map[uint64]bool
	busy     map[string]bool
	saved    host.Position
	some     bool              // saved is one
	from     uint64            // where this run began
	last     map[string]uint64 // of this run, by entity
	calls    int               // until the context ends
	cancel   func()
}

const always = 9

var errRun = errors.New("stopped")

func (w *world) check(ok bool, what string, args ...any) {
	if !ok {
		w.t.Errorf(what, args...) // called from many goroutines
	}
}

func (w *world) deliver(_ context.Context, e typed.Envelope) error {
	w.mu.Lock()
	w.check(!w.busy[e.Entity], "two of %s at once", e.Entity)
	w.busy[e.Entity] = true
	w.check(len(w.busy) <= w.atOnce, "%d at once", len(w.busy))
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.busy, e.Entity)
		w.mu.Unlock()
	}()

	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calls--; w.calls == 0 {
		w.cancel()
	}
	w.check(e.Sequence >= w.from, "event %d before the checkpoint %d", e.Sequence, w.from)
	for i, r := range w.events {
		if w.entities[i] == e.Entity && r.Sequence < e.Sequence {
			w.check(w.dealt[r.Sequence], "%d of %s before %d", e.Sequence, e.Entity, r.Sequence)
		}
	}
	if n := w.fails[e.Sequence]; n > 0 {
		if n != always {
			w.fails[e.Sequence]--
		}
		return errNo
	}
	last, again := w.last[e.Entity]
	w.check(!again || last < e.Sequence, "%d of %s after %d", e.Sequence, e.Entity, last)
	w.last[e.Entity] = e.Sequence
	w.dealt[e.Sequence] = true
	return nil
}

func (w *world) park(_ context.Context, e typed.Envelope, _ error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dealt[e.Sequence], w.parked[e.Sequence] = true, true
	return nil
}

func (w *world) Load(host.Region) (host.Position, error) {
	if !w.some {
		return host.Position{}, fs.ErrNotExist
	}
	return w.saved, nil
}

// Save checks that the position passes nothing that is not delivered or parked.
func (w *world) Save(_ host.Region, p host.Position) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.check(p.Sequence >= w.saved.Sequence, "the position goes back to %d", p.Sequence)
	for _, r := range w.events {
		w.check(r.Sequence >= p.Sequence || w.dealt[r.Sequence], "position %d passes %d", p.Sequence, r.Sequence)
	}
	w.saved, w.some = p, true
	return nil
}

// Any events of any entities, failures, parked events and restarts: order within an entity, the
// bound, and what a checkpoint passes.
func TestDeliverOrder(t *testing.T) {
	react.SaveAlways(t)
	rapid.Check(t, func(t *rapid.T) {
		st, err := host.Open(context.Background(), "store", host.Options{FS: crashfs.New(), Durability: host.LoseUnsynced})
		require.NoError(t, err)
		defer st.Close()
		w := &world{
			t: t, atOnce: rapid.IntRange(1, 4).Draw(t, "at once"),
			fails: map[uint64]int{}, dealt: map[uint64]bool{}, parked: map[uint64]bool{}, busy: map[string]bool{},
		}
		entities := rapid.IntRange(1, 5).Draw(t, "entities")
		write := func() {
			for range rapid.IntRange(0, 15).Draw(t, "events") {
				at := order(rapid.IntRange(0, entities-1).Draw(t, "entity"))
				if rapid.IntRange(0, 4).Draw(t, "region") == 0 {
					add(t, st, at, ship{})
					continue
				}
				fails := rapid.SampledFrom([]int{0, 0, 0, 1, 2, always}).Draw(t, "fails")
				w.mu.Lock() // before the event is seen
				r := add(t, st, at, paid{})[0]
				w.events, w.entities = append(w.events, r), append(w.entities, at.Entity)
				w.fails[r.Sequence] = fails
				w.mu.Unlock()
			}
		}
		o := react.DeliverOptions{
			Checkpoint: w, AtOnce: w.atOnce, Park: w.park,
			Retry: react.Retry{Tries: 4}.Recorded(func(time.Duration) {}),
		}
		for range rapid.IntRange(0, 4).Draw(t, "restarts") {
			write()
			ctx, cancel := context.WithCancelCause(context.Background())
			w.last, w.from, w.calls = map[string]uint64{}, w.saved.Sequence, rapid.IntRange(1, 10).Draw(t, "calls")
			w.cancel = func() { cancel(errRun) }
			ended := make(chan error)
			go func() { ended <- react.Deliver(ctx, st, types, "mail", payments, w.deliver, o) }()
			write()
			if rapid.Bool().Draw(t, "early") {
				cancel(errRun)
			}
			w.mu.Lock()
			left := 0
			for _, r := range w.events {
				if !w.dealt[r.Sequence] {
					left++
				}
			}
			if left < 10 {
				w.cancel() // the calls may not be reached
			}
			w.mu.Unlock()
			require.ErrorIs(t, <-ended, errRun)
			cancel(nil)
		}
		write()
		w.last, w.from, w.calls = map[string]uint64{}, w.saved.Sequence, -1
		o.StopAtEnd = true
		require.NoError(t, react.Deliver(context.Background(), st, types, "mail", payments, w.deliver, o))
		for i, r := range w.events {
			require.True(t, w.dealt[r.Sequence], fmt.Sprint(r.Sequence, w.entities[i]))
			require.Equal(t, w.fails[r.Sequence] == always, w.parked[r.Sequence])
		}
		end, err := st.Position(context.Background())
		require.NoError(t, err)
		require.Equal(t, end, w.saved)
	})
}
