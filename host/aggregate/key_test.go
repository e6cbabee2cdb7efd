package aggregate_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/storetest"
)

var key = host.WithKey(host.KeyOf("request 1"))

// repeated returns the receipts as a repetition has them.
func repeated(receipts []host.Receipt) []host.Receipt {
	out := append([]host.Receipt(nil), receipts...)
	for i := range out {
		out[i].Repeated = true
	}
	return out
}

// TestRepeat: a repetition returns the first receipts, whatever would be decided now,
// whatever has happened since, and in another process.
func TestRepeat(t *testing.T) {
	for name, first := range map[string]func(*account) ([]any, error){
		"one event":    deposit(5),
		"three events": decided(noted{}, noted{Text: "a"}, noted{}),
		"no events":    decided(),
	} {
		for after, again := range map[string]func(*account) ([]any, error){
			"the same": first, "more": decided(noted{}, noted{Text: "a"}, noted{}, noted{}), "fewer": decided(noted{}),
			"others": decided(noted{Text: "x"}, noted{}), "nothing": decided(),
		} {
			t.Run(name+" then "+after, func(t *testing.T) {
				fs := crashfs.New()
				st := openStore(t, fs)
				a := accounts(st)
				do(t, a, "1", decided(noted{}))
				receipts := do(t, a, "1", first, key)
				require.Equal(t, host.KeyOf("request 1"), receipts[0].ID)
				require.False(t, receipts[0].Repeated)
				want, n := repeated(receipts), count(t, st)
				require.Equal(t, want, do(t, a, "1", again, key))
				do(t, a, "1", decided(noted{}))
				require.Equal(t, want, do(t, a, "1", again, key, host.Expect(host.NoEvents)))
				require.Equal(t, n+1, count(t, st))
				require.NoError(t, st.Close())
				st = openStore(t, fs)
				require.Equal(t, want, do(t, accounts(st), "1", again, key))
				require.Equal(t, n+1, count(t, st))
			})
		}
	}
}

// TestRepeatedCondition: a command with an expectation that succeeded is not refused when it
// is repeated, nor done twice.
func TestRepeatedCondition(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	seen, err := st.Position(t.Context())
	require.NoError(t, err)
	options := []host.AppendOption{key, host.Expect(host.NoEvents), host.Unless(seen, host.Region{EntityPrefix: "account:"})}
	first := do(t, a, "1", deposit(5), options...)
	require.Equal(t, repeated(first), do(t, a, "1", deposit(5), options...))
	require.Equal(t, repeated(first), do(t, a, "1", deposit(5), key, host.Expect(host.AtClock(0))))
	require.Equal(t, 1, count(t, st))
	require.Equal(t, 5, load(t, a, "1").State.Balance)
}

// TestAck: the event that stands for no events is not folded.
func TestAck(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	r := do(t, a, "1", decided(), key, host.CausedBy(host.KeyOf("cause")))
	require.Len(t, r, 1)
	l := load(t, a, "1")
	require.Equal(t, &account{}, l.State)
	require.Equal(t, host.State{Some: true}, l.Version)
	e, err := st.Get(t.Context(), r[0].ID)
	require.NoError(t, err)
	require.Equal(t, event.EffectAck, e.Kind)
	require.Equal(t, []byte{0xc0}, e.Payload)
	require.Equal(t, host.KeyOf("cause"), e.Causation)
	do(t, a, "1", deposit(5))
	require.Equal(t, &account{Balance: 5, Events: 1}, load(t, a, "1").State)
}

// TestOtherKey: a key of another aggregate is refused.
func TestOtherKey(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	do(t, a, "1", deposit(5), key)
	_, err := a.Do(t.Context(), "2", deposit(5), key)
	var why *host.KeyError
	require.ErrorAs(t, err, &why)
	require.Equal(t, host.KeyError{ID: host.KeyOf("request 1"), Differs: []string{"entity"}}, *why)
	require.Equal(t, 1, count(t, st))
}

// TestOwnKey: the key of an event of the aggregate that Do did not append is known too.
func TestOwnKey(t *testing.T) {
	st := newStore(t)
	r, err := st.Append(t.Context(), event.At("account:1", "account"), 0x1001, deposited{Amount: 1, Balance: 1}, key)
	require.NoError(t, err)
	r.Repeated = true
	require.Equal(t, []host.Receipt{r}, do(t, accounts(st), "1", deposit(5), key))
}

// TestRepeatMeanwhile: the same command is done between the look at the key and the append.
func TestRepeatMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile, now func(*account) ([]any, error)
		entity         string
	}{
		"the same":         {deposit(5), deposit(5), "1"},
		"more":             {decided(noted{}, noted{}, noted{}), decided(noted{}, noted{}), "1"},
		"fewer":            {decided(noted{}), decided(noted{}, noted{}), "1"},
		"others":           {decided(noted{Text: "a"}), decided(noted{Text: "b"}), "1"},
		"nothing":          {decided(), deposit(5), "1"},
		"something":        {deposit(5), decided(), "1"},
		"nothing twice":    {decided(), decided(), "1"},
		"another":          {deposit(5), deposit(5), "2"},
		"more in another":  {deposit(5), decided(noted{}, noted{}), "2"},
		"nothing in other": {decided(), decided(), "2"},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStore(t)
			m := &meddler{Store: st}
			var first []host.Receipt
			m.before = func([]host.Item) { first = do(t, accounts(st), c.entity, c.meanwhile, key) }
			got, err := accounts(m).Do(t.Context(), "1", c.now, key)
			require.Equal(t, len(first), count(t, st))
			if c.entity != "1" {
				var why *host.KeyError
				require.ErrorAs(t, err, &why)
				require.Equal(t, []string{"entity"}, why.Differs)
				return
			}
			require.NoError(t, err)
			require.Equal(t, repeated(first), got)
			require.Equal(t, 1, m.batches)
		})
	}
}

// TestRepeatAtOnce: of many calls with one key, each a different decision, one is done, and
// all have its receipts.
func TestRepeatAtOnce(t *testing.T) {
	for name, shared := range map[string]bool{"turns": true, "conflicts": false} {
		t.Run(name, func(t *testing.T) {
			st := newStore(t)
			one := accounts(st)
			var done sync.WaitGroup
			receipts := make([][]host.Receipt, 12)
			for i := range receipts {
				a := one
				if !shared {
					a = accounts(st)
				}
				done.Go(func() {
					var err error
					values := make([]any, i%4)
					for n := range values {
						values[n] = noted{Text: string(rune('a' + i))}
					}
					if receipts[i], err = a.Do(context.Background(), "1", decided(values...), key); err != nil {
						t.Error(err)
					}
				})
			}
			done.Wait()
			fresh := 0
			for i := range receipts {
				if !receipts[i][0].Repeated {
					fresh++
				}
				require.Equal(t, repeated(receipts[0]), repeated(receipts[i]))
			}
			require.Equal(t, 1, fresh)
			require.Equal(t, len(receipts[0]), count(t, st))
		})
	}
}

// TestRefusedKey: a command that a gate refuses leaves its key free.
func TestRefusedKey(t *testing.T) {
	st := storetest.OpenWith(t, host.Options{Policy: gate.Set(gate.New("ada", func(p *gate.Proposal) error {
		if p.Actor.ID != "ada" {
			return gate.ErrDenied
		}
		return nil
	}))})
	a := accounts(st)
	for range 2 {
		_, err := a.With(st.As(gate.Actor{ID: "bob"})).Do(t.Context(), "1", deposit(5), key)
		require.ErrorIs(t, err, gate.ErrDenied)
		_, err = aggregate.Decide(t.Context(), st.As(gate.Actor{ID: "bob"}), types, bothAccounts, items(account1("")), key)
		require.ErrorIs(t, err, gate.ErrDenied)
	}
	receipts := decide(t, st.As(gate.Actor{ID: "ada"}), items(account1(""), account2("")), key)
	require.False(t, receipts[0].Repeated)
	require.Equal(t, repeated(receipts), do(t, a.With(st.As(gate.Actor{ID: "bob"})), "1", deposit(5), key))
}
