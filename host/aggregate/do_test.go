package aggregate_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/storetest"
	"github.com/thawlog/thaw/host/typed"
)

// TestNothingWritten: a decision that fails, or that cannot be appended, writes nothing.
func TestNothingWritten(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	do(t, a, "1", deposit(5))
	refused := errors.New("refused")
	key := host.WithKey(host.KeyOf("request"))
	for name, c := range map[string]struct {
		decide  func(*account) ([]any, error)
		options []host.AppendOption
		check   func(err error)
	}{
		"error": {
			func(*account) ([]any, error) { return []any{noted{}}, refused }, []host.AppendOption{key},
			func(err error) { require.Equal(t, refused, err) },
		},
		"unknown type": {decided(noted{}, struct{}{}), []host.AppendOption{key}, func(err error) {
			require.ErrorIs(t, err, typed.ErrUnknownType)
			var item *host.ItemError
			require.ErrorAs(t, err, &item)
			require.Equal(t, 1, item.Item)
		}},
		"nil":      {decided(nil), nil, func(err error) { require.ErrorIs(t, err, typed.ErrUnknownType) }},
		"zero key": {deposit(1), []host.AppendOption{host.WithKey(event.ID{})}, func(err error) { require.ErrorIs(t, err, host.ErrZeroID) }},
		"zero cause": {deposit(1), []host.AppendOption{host.CausedBy(event.ID{})}, func(err error) {
			require.ErrorIs(t, err, host.ErrZeroID)
		}},
		"no events": {decided(), nil, func(err error) { require.NoError(t, err) }},
	} {
		receipts, err := a.Do(t.Context(), "1", c.decide, c.options...)
		c.check(err)
		require.Empty(t, receipts, name)
		require.Equal(t, 1, count(t, st), name)
	}
	require.Len(t, do(t, a, "1", deposit(1), key), 1, "the key is still free")
}

// TestOptions: conditions are for the first event, the others for each.
func TestOptions(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	cause, talk := host.KeyOf("cause"), host.KeyOf("talk")
	meta := event.NewMeta(map[string]string{event.MetaActor: "user:7"})
	when := time.UnixMicro(1_700_000_000_000_000)
	do(t, a, "1", decided(noted{}, noted{}, noted{}), host.CausedBy(cause), host.Correlated(talk), host.WithMeta(meta),
		host.WithTime(when), host.Expect(host.NoEvents), host.Unless(host.Position{}, host.Region{}))
	n := 0
	for e, err := range st.ReadEach(t.Context(), st.Stream(t.Context(), "account:1", host.StreamPage{})) {
		require.NoError(t, err)
		n++
		require.Equal(t, cause, e.Causation)
		require.Equal(t, talk, e.Correlation)
		require.Equal(t, meta, e.Meta)
		require.Equal(t, when.UnixMicro(), e.TimestampUS)
	}
	require.Equal(t, 3, n)
}

// TestExpect: the caller's own expectation is judged once, not retried.
func TestExpect(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	do(t, a, "1", deposit(1), host.Expect(host.NoEvents))
	for _, e := range []host.Expected{host.NoEvents, host.AtClock(1)} {
		_, err := a.Do(t.Context(), "1", func(*account) ([]any, error) {
			t.Error("asked")
			return nil, nil
		}, host.Expect(e))
		var why *host.ExpectError
		require.ErrorAs(t, err, &why)
		require.Equal(t, e, why.Expected)
		require.Equal(t, "clock 0", why.Actual.String())
		require.ErrorIs(t, err, host.ErrConflict)
	}
	do(t, a, "1", deposit(1), host.Expect(host.AtClock(0)))
	m := &meddler{Store: st}
	m.before = func([]host.Item) { do(t, accounts(st), "1", deposit(1)) }
	_, err := a.With(m).Do(t.Context(), "1", deposit(1), host.Expect(host.AtClock(1)))
	var why *host.ExpectError
	require.ErrorAs(t, err, &why)
	var conflict *aggregate.ConflictError
	require.NotErrorAs(t, err, &conflict)
	require.Equal(t, 3, count(t, st))
}

// TestUnless: a condition that does not hold ends Do at once.
func TestUnless(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	do(t, a, "other", deposit(1))
	asked := 0
	_, err := a.Do(t.Context(), "1", func(*account) ([]any, error) {
		asked++
		return []any{noted{}, noted{}}, nil
	}, host.Unless(host.Position{}, host.Region{Entity: "account:other"}))
	var why *host.ConditionError
	require.ErrorAs(t, err, &why)
	require.Equal(t, 1, asked)
	require.Equal(t, 1, count(t, st))
}

// TestPlainConflict: an error of class host.ErrConflict without more, as a test's store has, is
// a conflict too.
func TestPlainConflict(t *testing.T) {
	st := &storetest.Refusing{Store: storetest.Open(t)}
	refusals := 0
	refuse := func([]host.Item) error {
		refusals++
		st.Before = nil
		return host.ErrConflict
	}
	st.Before = refuse
	do(t, accounts(st.As(gate.Actor{ID: "ada"})), "1", deposit(5))
	st.Before = refuse
	decide(t, st, items(account1("")))
	require.Equal(t, 2, refusals)
	require.Equal(t, 2, count(t, st))
}

// TestConflicts: Do decides again after a conflict, a bounded number of times.
func TestConflicts(t *testing.T) {
	st := newStore(t)
	m := &meddler{Store: st}
	left := 3
	m.before = func([]host.Item) {
		if left--; left >= 0 {
			do(t, accounts(st), "1", deposit(1))
		}
	}
	do(t, accounts(m), "1", deposit(10))
	require.Equal(t, 4, m.batches)
	require.Equal(t, 13, load(t, accounts(st), "1").State.Balance)

	left, m.batches = 1000, 0
	_, err := accounts(m, aggregate.Tries(4)).Do(t.Context(), "1", deposit(10))
	var why *aggregate.ConflictError
	require.ErrorAs(t, err, &why)
	require.Equal(t, 4, why.Tries)
	require.Equal(t, 4, m.batches)
	require.Equal(t, "account:1", why.Entity)
	require.ErrorIs(t, err, host.ErrConflict)
	var expect *host.ExpectError
	require.ErrorAs(t, err, &expect)
	require.Equal(t, 17, load(t, accounts(st), "1").State.Balance)

	m.batches = 0
	_, err = accounts(m, aggregate.Tries(0)).Do(t.Context(), "1", deposit(10))
	require.ErrorAs(t, err, &why)
	require.Equal(t, 1, m.batches)
}

// TestFirstEvents: of two that both saw no events, the second decides again.
func TestFirstEvents(t *testing.T) {
	st := newStore(t)
	var both, done sync.WaitGroup
	both.Add(2)
	var mu sync.Mutex
	var saw []int
	for range 2 {
		a, first := accounts(st), true // not the same turns
		done.Go(func() {
			_, err := a.Do(context.Background(), "1", func(a *account) ([]any, error) {
				mu.Lock()
				saw = append(saw, a.Events)
				mu.Unlock()
				if first {
					first = false
					both.Done()
					both.Wait()
				}
				return []any{deposited{Amount: 1, Balance: a.Balance + 1}}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	require.Equal(t, []int{0, 0, 1}, saw)
	require.Equal(t, 2, load(t, accounts(st), "1").State.Balance)
}

// TestCounter: no update is lost, with commands that take turns and with those that do not,
// also from snapshots; a command sees those that ended before it began.
func TestCounter(t *testing.T) {
	for name, shared := range map[string]bool{"turns": true, "conflicts": false} {
		for every, option := range map[string][]aggregate.Option{
			"": nil, " and snapshots": {snapshots(&aggregate.MemorySnapshots{}, 3)},
		} {
			t.Run(name+every, func(t *testing.T) {
				st := newStore(t)
				option := append(option, aggregate.Tries(1000))
				one := accounts(st, option...)
				defer one.Close()
				const goroutines, each = 8, 25
				var done sync.WaitGroup
				var ended [2]atomic.Int64 // the lowest clock of a command that begins
				for range goroutines {
					a := one
					if !shared {
						a = accounts(st, option...)
					}
					done.Go(func() {
						for i := range each {
							for n, id := range []string{"1", "2"} {
								before := ended[n].Load()
								r, err := a.Do(context.Background(), id, deposit(i))
								if err != nil || int64(r[0].Clock) < before {
									t.Error(r, err)
									return
								}
								for old := before; int64(r[0].Clock)+1 > old && !ended[n].CompareAndSwap(old, int64(r[0].Clock)+1); {
									old = ended[n].Load()
								}
							}
						}
						a.Close()
					})
				}
				done.Wait()
				for _, id := range []string{"1", "2"} { // Apply checks every balance
					require.Equal(t, goroutines*each*(each-1)/2, load(t, one, id).State.Balance)
					require.Equal(t, goroutines*each, load(t, one, id).State.Events)
				}
				require.NoError(t, one.SnapshotStatus().Err)
			})
		}
	}
}

// TestContext: a context that ends, ends Do: before, in the queue, between tries.
func TestContext(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	why := errors.New("the user left")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	_, err := a.Do(ended, "1", deposit(1))
	require.ErrorIs(t, err, why)
	_, err = a.Load(ended, "1")
	require.ErrorIs(t, err, context.Canceled)

	inside, leave := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		_, err := a.Do(context.Background(), "1", func(a *account) ([]any, error) {
			close(inside)
			<-leave
			return deposit(1)(a)
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	ctx, cancel := context.WithCancelCause(t.Context())
	done.Go(func() {
		if _, err := a.Do(ctx, "1", deposit(1)); !errors.Is(err, why) {
			t.Error(err)
		}
	})
	do(t, a, "2", deposit(1)) // another aggregate does not wait
	cancel(why)
	time.AfterFunc(5*time.Millisecond, func() { close(leave) })
	done.Wait()
	require.Equal(t, 1, load(t, a, "1").State.Balance)
	do(t, a, "1", deposit(1))

	ctx, cancel = context.WithCancelCause(t.Context())
	m := &meddler{Store: st}
	m.before = func([]host.Item) {
		do(t, accounts(st), "1", deposit(1))
		if m.batches == 2 {
			cancel(why)
		}
	}
	_, err = accounts(m, aggregate.Tries(1<<30)).Do(ctx, "1", deposit(1))
	require.ErrorIs(t, err, why)
	require.LessOrEqual(t, m.batches, 3)
}

// TestTurns: a command that leaves the queue, even in its turn, does not stop the others.
func TestTurns(t *testing.T) {
	a := accounts(newStore(t))
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for i := range 50 {
				ctx, cancel := context.WithCancel(context.Background())
				leave := time.AfterFunc(time.Duration(i)*10*time.Microsecond, cancel)
				_, err := a.Do(ctx, "1", decided())
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				leave.Stop()
				cancel()
			}
		})
	}
	done.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := a.Do(ctx, "1", deposit(1))
	require.NoError(t, err)
}

// TestPanic: a decision that panics leaves the aggregate usable.
func TestPanic(t *testing.T) {
	a := accounts(newStore(t))
	require.PanicsWithValue(t, "oh", func() {
		_, _ = a.Do(t.Context(), "1", func(*account) ([]any, error) { panic("oh") })
	})
	do(t, a, "1", deposit(1))
}

// TestStoreErrors: an error of the store is Do's.
func TestStoreErrors(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	do(t, a, "1", deposit(1))
	many := make([]any, 70_000)
	for i := range many {
		many[i] = noted{}
	}
	_, err := a.Do(t.Context(), "1", decided(many...))
	require.ErrorIs(t, err, host.ErrLimit)
	require.NoError(t, st.Close())
	_, err = a.Load(t.Context(), "1")
	require.ErrorIs(t, err, host.ErrClosed)
	_, err = a.Do(t.Context(), "1", deposit(1))
	require.ErrorIs(t, err, host.ErrClosed)
	_, err = a.Do(t.Context(), "1", deposit(1), host.WithKey(host.KeyOf("k")))
	require.ErrorIs(t, err, host.ErrClosed)
}
