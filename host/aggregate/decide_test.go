package aggregate_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/typed"
)

func account1(text string) host.Item {
	return host.Item{At: event.At("account:1", "account"), Payload: noted{text}}
}

func account2(text string) host.Item {
	return host.Item{At: event.At("account:2", "account"), Payload: &noted{text}}
}

func items(items ...host.Item) func(context.Context) ([]host.Item, error) {
	return func(context.Context) ([]host.Item, error) { return items, nil }
}

var bothAccounts = []host.Region{{Entity: "account:1"}, {Entity: "account:2"}}

func decide(t testing.TB, st aggregate.Store, f func(context.Context) ([]host.Item, error), options ...host.AppendOption) []host.Receipt {
	receipts, err := aggregate.Decide(t.Context(), st, types, bothAccounts, f, options...)
	require.NoError(t, err)
	return receipts
}

// TestDecide: a batch of several entities, each item with its kind, coordinate and options.
func TestDecide(t *testing.T) {
	st := newStore(t)
	cause, other := host.KeyOf("cause"), host.KeyOf("other")
	own := account1("own")
	own.Options = []host.AppendOption{host.CausedBy(other)}
	list := []host.Item{account2("a"), own, {At: event.At("else", "s"), Kind: 0x2001, Payload: 7}}
	receipts := decide(t, st, items(list...), host.CausedBy(cause))
	require.Len(t, receipts, 3)
	require.Zero(t, list[0].Kind, "the caller's items stay as they are")
	for i, want := range []struct {
		entity string
		kind   event.Kind
		cause  event.ID
	}{{"account:2", 0x1002, cause}, {"account:1", 0x1002, other}, {"else", 0x2001, cause}} {
		e, err := st.Get(t.Context(), receipts[i].ID)
		require.NoError(t, err)
		require.Equal(t, want.entity, e.Entity)
		require.Equal(t, want.kind, e.Kind)
		require.Equal(t, want.cause, e.Causation)
	}
	require.Equal(t, map[string]int{"a": 1}, load(t, accounts(st), "2").State.Notes)
	require.Empty(t, decide(t, st, items()))
	require.Equal(t, 3, count(t, st))
}

// TestDecideErrors: what cannot be appended writes nothing, and decide's error is returned.
func TestDecideErrors(t *testing.T) {
	st := newStore(t)
	refused := errors.New("refused")
	for name, c := range map[string]struct {
		regions []host.Region
		decide  func(context.Context) ([]host.Item, error)
		check   func(err error)
	}{
		"refused": {
			bothAccounts, func(context.Context) ([]host.Item, error) { return []host.Item{account1("")}, refused },
			func(err error) { require.Equal(t, refused, err) },
		},
		"no region": {nil, items(), func(err error) { require.ErrorIs(t, err, host.ErrNoRegion) }},
		"too many regions": {make([]host.Region, 65), items(account1("")), func(err error) {
			require.ErrorIs(t, err, host.ErrLimit)
		}},
		"unknown type": {bothAccounts, items(account1(""), host.Item{At: account1("").At, Payload: struct{}{}}), func(err error) {
			require.ErrorIs(t, err, typed.ErrUnknownType)
			var item *host.ItemError
			require.ErrorAs(t, err, &item)
			require.Equal(t, 1, item.Item)
		}},
		"no coordinate": {bothAccounts, items(host.Item{Payload: noted{}}), func(err error) {
			var name *host.NameError
			require.ErrorAs(t, err, &name)
		}},
	} {
		receipts, err := aggregate.Decide(t.Context(), st, types, c.regions, c.decide)
		c.check(err)
		require.Empty(t, receipts, name)
		require.Zero(t, count(t, st), name)
	}
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(refused)
	_, err := aggregate.Decide(ended, st, types, bothAccounts, items(account1("")))
	require.Error(t, err)
	require.Zero(t, count(t, st))
}

// TestDecideAgain: an event in a region since the position makes Decide look again, also one
// that comes while decide looks; another does not.
func TestDecideAgain(t *testing.T) {
	for entity, again := range map[string]bool{"account:1": true, "account:2": true, "account:3": false} {
		for _, during := range []bool{true, false} {
			t.Run(fmt.Sprint(entity, during), func(t *testing.T) {
				st := newStore(t)
				left := 3
				meddle := func() {
					if left--; left >= 0 {
						_, err := types.Append(t.Context(), st, event.At(entity, "account"), noted{Text: "other"})
						require.NoError(t, err)
					}
				}
				m := &meddler{Store: st}
				m.before = func([]host.Item) {
					if !during {
						meddle()
					}
				}
				asked := 0
				decide(t, m, func(context.Context) ([]host.Item, error) {
					asked++
					if during {
						meddle()
					}
					return []host.Item{account1("mine")}, nil
				})
				if again {
					require.Equal(t, 4, asked)
				} else {
					require.Equal(t, 1, asked)
				}
				require.Equal(t, asked, m.batches)
				require.Equal(t, 1, load(t, accounts(st), "1").State.Notes["mine"])
			})
		}
	}
}

// TestDecideGivesUp: after DefaultTries the error is a *ConflictError.
func TestDecideGivesUp(t *testing.T) {
	st := newStore(t)
	m := &meddler{Store: st}
	m.before = func([]host.Item) { do(t, accounts(st), "2", decided(noted{})) }
	_, err := aggregate.Decide(t.Context(), m, types, bothAccounts, items(account1("")))
	var why *aggregate.ConflictError
	require.ErrorAs(t, err, &why)
	require.Equal(t, aggregate.DefaultTries, why.Tries)
	require.Equal(t, aggregate.DefaultTries, m.batches)
	require.Empty(t, why.Entity)
	require.ErrorContains(t, err, "regions")
	var condition *host.ConditionError
	require.ErrorAs(t, err, &condition)
	require.Equal(t, 1, condition.Region)
	require.ErrorIs(t, err, host.ErrConflict)
	require.Equal(t, aggregate.DefaultTries, count(t, st))
}

// TestDecideConditions: the caller's conditions are judged once. An item's own expectation is
// decided on again.
func TestDecideConditions(t *testing.T) {
	st := newStore(t)
	do(t, accounts(st), "1", decided(noted{}))
	seen := host.Unless(host.Position{}, host.Region{Entity: "account:1"})
	for name, o := range map[string]host.AppendOption{"unless": seen, "expect": host.Expect(host.NoEvents)} {
		m := &meddler{Store: st}
		_, err := aggregate.Decide(t.Context(), m, types, bothAccounts, items(account1("")), o)
		require.ErrorIs(t, err, host.ErrConflict, name)
		var conflict *aggregate.ConflictError
		require.NotErrorAs(t, err, &conflict)
		require.Equal(t, 1, m.batches, name)
	}
	decide(t, st, items(account1("")), host.Expect(host.AtClock(0)))

	m := &meddler{Store: st}
	m.before = func([]host.Item) {
		if m.batches == 1 {
			do(t, accounts(st), "3", decided(noted{}))
		}
	}
	decide(t, m, func(ctx context.Context) ([]host.Item, error) {
		l := load(t, accounts(st), "3")
		return []host.Item{account1(""), {At: l.At, Payload: noted{}, Options: []host.AppendOption{host.Expect(l.Version.Expected())}}}, nil
	})
	require.Equal(t, 2, m.batches)
}

// TestDecideRepeat: a repetition returns the first receipts, whatever would be decided now,
// over several entities, and in another process.
func TestDecideRepeat(t *testing.T) {
	all := map[string]func(context.Context) ([]host.Item, error){
		"one":     items(account1("a")),
		"several": items(account1("a"), account1("b"), account2("c"), account2("d"), account1("e")),
		"none":    items(),
	}
	for name, first := range all {
		for after, again := range all {
			t.Run(name+" then "+after, func(t *testing.T) {
				fs := crashfs.New()
				st := openStore(t, fs)
				receipts := decide(t, st, first, key)
				require.Equal(t, host.KeyOf("request 1"), receipts[0].ID)
				want, n := repeated(receipts), count(t, st)
				require.Len(t, want, n)
				do(t, accounts(st), "1", decided(noted{}))
				for range 2 {
					got, err := aggregate.Decide(t.Context(), st, types, bothAccounts, again, key, host.Expect(host.AtClock(9)))
					require.NoError(t, err)
					require.Equal(t, want, got)
					require.Equal(t, n+1, count(t, st))
					require.NoError(t, st.Close())
					st = openStore(t, fs)
				}
			})
			t.Run(after+" during "+name, func(t *testing.T) {
				st := newStore(t)
				m := &meddler{Store: st}
				var receipts []host.Receipt
				m.before = func([]host.Item) {
					var err error // on other regions, so that it does not wait for its turn
					receipts, err = aggregate.Decide(t.Context(), st, types, bothAccounts[:1], again, key)
					if len(receipts) == 0 {
						t.Error(err)
					}
				}
				regions := []host.Region{{Entity: "account:2"}}
				got, err := aggregate.Decide(t.Context(), m, types, regions, first, key)
				require.NoError(t, err)
				require.Equal(t, repeated(receipts), got)
				require.Equal(t, 1, m.batches)
			})
		}
	}
}

// TestDecideAck: the event of a command without items.
func TestDecideAck(t *testing.T) {
	st := newStore(t)
	r := decide(t, st, items(), key, host.CausedBy(host.KeyOf("cause")))
	e, err := st.Get(t.Context(), r[0].ID)
	require.NoError(t, err)
	require.Equal(t, event.EffectAck, e.Kind)
	require.Equal(t, event.At("aggregate.Decide", "aggregate"), e.Coordinate)
	require.Equal(t, host.KeyOf("cause"), e.Causation)
}

// TestDecideTurns: commands on a same region do not conflict within a process, whatever the
// order of their regions.
func TestDecideTurns(t *testing.T) {
	st := newStore(t)
	decide(t, st, items(account1(""))) // before, the store has no identity
	turned := []host.Region{bothAccounts[1], bothAccounts[0], bothAccounts[1]}
	var asked atomic.Int64
	var done sync.WaitGroup
	const n = 32
	for i := range n {
		regions := bothAccounts
		if i%2 == 0 {
			regions = turned
		}
		done.Go(func() {
			_, err := aggregate.Decide(context.Background(), st, types, regions, func(context.Context) ([]host.Item, error) {
				asked.Add(1)
				return []host.Item{account1(""), account2("")}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	require.EqualValues(t, n, asked.Load())
	require.Equal(t, 2*n+1, count(t, st))
}

// TestDecideTurnGivenUp: a command whose context ends while it waits leaves no turn taken.
func TestDecideTurnGivenUp(t *testing.T) {
	st := newStore(t)
	decide(t, st, items(account1("")))
	inside, leave := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		_, err := aggregate.Decide(context.Background(), st, types, bothAccounts[1:], func(context.Context) ([]host.Item, error) {
			close(inside)
			<-leave
			return nil, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(5*time.Millisecond, func() { cancel(gone) })
	_, err := aggregate.Decide(ctx, st, types, bothAccounts, func(context.Context) ([]host.Item, error) {
		t.Error("asked")
		return nil, nil
	})
	require.Equal(t, gone, err)
	_, err = aggregate.Decide(t.Context(), st, types, bothAccounts[:1], items(account1("")))
	require.NoError(t, err)
	close(leave)
	done.Wait()
	decide(t, st, items(account2("")))
}
