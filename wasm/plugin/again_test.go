package plugin

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/api"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// trapping is an export that fails its call number at, from 1.
type trapping struct {
	api.Function
	at    int
	calls *int
}

var errTrap = errors.New("planted trap")

func (f trapping) CallWithStack(ctx context.Context, stack []uint64) error {
	if *f.calls++; *f.calls == f.at {
		return errTrap
	}
	return f.Function.CallWithStack(ctx, stack)
}

// plant makes the members of a view trap at a call of an export, and returns how many calls
// there were.
func plant(t *testing.T, v *view, of func(*member) *function, at int) (calls *int) {
	calls = new(int)
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, m := range v.members {
		m.turn.lock()
		f := of(m)
		f.f = trapping{f.f, at, calls}
		m.turn.unlock()
	}
	return calls
}

// TestAskedAgain: a question whose instance traps before its first row is asked again, in
// another instance; one that has given rows is not.
func TestAskedAgain(t *testing.T) {
	start := func(m *member) *function { return &m.start }
	step := func(m *member) *function { return &m.step }
	r, _ := openMade(t, ReaderOptions{})
	want := all(t, r)
	questions := map[string]func() error{
		"count": func() error {
			n, err := r.Count(t.Context(), host.Region{}, 0)
			if err == nil {
				require.EqualValues(t, 1200, n)
			}
			return err
		},
		"get": func() error {
			_, err := r.Get(t.Context(), want[3].ID)
			return err
		},
		"query": func() error {
			n := 0
			for _, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
				if err != nil {
					return err
				}
				n++
			}
			require.Equal(t, 1200, n)
			return nil
		},
		"payloads": func() error {
			n := 0
			for _, err := range r.ReadEach(t.Context(), events(want)) {
				if err != nil {
					return err
				}
				n++
			}
			require.Equal(t, 1200, n)
			return nil
		},
	}
	for name, question := range questions {
		v, release, err := r.acquire()
		require.NoError(t, err)
		calls := plant(t, v, start, 1)
		require.NoError(t, question(), name)
		require.Positive(t, *calls, name)
		release()
	}

	v, release, err := r.acquire()
	require.NoError(t, err)
	defer release()
	given := 0
	var failed error
	for _, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
		if failed = err; err != nil {
			break
		}
		if given++; given == 1 {
			plant(t, v, step, 1)
		}
	}
	require.ErrorIs(t, failed, errTrap)
	require.Positive(t, given)
	require.Less(t, given, 1200)
}

func events(all []event.Event) func(yield func(event.Event, error) bool) {
	return func(yield func(event.Event, error) bool) {
		for _, e := range all {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// TestWaitEnds: a query that waits for an instance ends with its context, and so does an
// iteration that wants its own instance back; its task is dropped by the query that has it.
func TestWaitEnds(t *testing.T) {
	r, _ := openMade(t, ReaderOptions{})
	v, release, err := r.acquire()
	require.NoError(t, err)
	defer release()

	ctx, cancel := context.WithCancel(t.Context())
	var held []*member
	hold := func() {
		for range loaded(t).options.Instances {
			m, err := v.lock(t.Context())
			require.NoError(t, err)
			held = append(held, m)
		}
	}
	var failed error
	for _, err := range r.Query(ctx, host.Region{}, host.Page{}) {
		if failed = err; err != nil {
			break
		}
		if held == nil {
			hold()
			go cancel()
			<-ctx.Done()
		}
	}
	require.ErrorIs(t, failed, context.Canceled)
	left := 0
	for _, m := range held {
		left += len(m.left)
	}
	require.Equal(t, 1, left)

	ctx, cancel = context.WithCancel(t.Context())
	counted := make(chan error)
	go func() {
		_, err := r.Count(ctx, host.Region{}, 0)
		counted <- err
	}()
	for waits := false; !waits; {
		v.mu.Lock()
		waits = v.freed != nil
		v.mu.Unlock()
	}
	cancel()
	require.ErrorIs(t, <-counted, context.Canceled)
	for _, m := range held {
		v.unlock(m)
		require.Empty(t, m.left)
	}
	require.Len(t, all(t, r), 1200)
}

// TestInstancesBound: no moment has more instances than Options.Instances, also when all of
// them have trapped and many queries want one.
func TestInstancesBound(t *testing.T) {
	r, _ := openMade(t, ReaderOptions{})
	v, release, err := r.acquire()
	require.NoError(t, err)
	defer release()
	most := loaded(t).options.Instances
	plant(t, v, func(m *member) *function { return &m.start }, 1)
	done := make(chan struct{})
	over := make(chan int, 1)
	go func() {
		for {
			select {
			case <-done:
				close(over)
				return
			default:
			}
			v.mu.Lock()
			n := len(v.members) + v.making
			v.mu.Unlock()
			if n > most {
				over <- n
				return
			}
		}
	}()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := r.Count(context.Background(), host.Region{}, 0)
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(done)
	require.Zero(t, <-over)
}
