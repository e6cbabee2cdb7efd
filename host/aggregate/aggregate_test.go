package aggregate_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/typed"
)

type deposited struct {
	Amount int
	// Balance is the one afterwards, by which Apply notices a lost or doubled event.
	Balance int
}

type noted struct{ Text string }

// account is an aggregate that checks its own events.
type account struct {
	Balance int
	Events  int
	Notes   map[string]int
	unknown []event.Kind
}

var errBalance = errors.New("the balance is wrong")

func (a *account) Apply(e typed.Envelope) error {
	a.Events++
	switch v := e.Value.(type) {
	case deposited:
		if a.Balance += v.Amount; a.Balance != v.Balance {
			return errBalance
		}
	case noted:
		if a.Notes == nil {
			a.Notes = map[string]int{}
		}
		a.Notes[v.Text]++
	case host.Raw:
		a.unknown = append(a.unknown, e.Kind)
	}
	return nil
}

var types = typed.Registry(
	typed.Event[deposited](0x1001, "account.deposited"),
	typed.Event[noted](0x1002, "account.noted"),
)

func deposit(amount int) func(*account) ([]any, error) {
	return func(a *account) ([]any, error) {
		return []any{deposited{Amount: amount, Balance: a.Balance + amount}}, nil
	}
}

func decided(values ...any) func(*account) ([]any, error) {
	return func(*account) ([]any, error) { return values, nil }
}

func newStore(t testing.TB) *host.Store { return openStore(t, crashfs.New()) }

func openStore(t testing.TB, fs *crashfs.FS) *host.Store {
	st, err := host.Open(t.Context(), "store", host.Options{FS: fs})
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := st.Close(); !errors.Is(err, host.ErrClosed) {
			require.NoError(t, err)
		}
	})
	return st
}

func accounts(st aggregate.Store, options ...aggregate.Option) *aggregate.Aggregates[account] {
	return aggregate.Of[account](st, types, "account:", options...)
}

// count returns how many events there are.
func count(t testing.TB, st host.Reader) int {
	n, err := st.Count(t.Context(), host.Region{}, 0)
	require.NoError(t, err)
	return int(n)
}

func load(t testing.TB, a *aggregate.Aggregates[account], id string) aggregate.Loaded[account] {
	l, err := a.Load(t.Context(), id)
	require.NoError(t, err)
	return l
}

func do(t testing.TB, a *aggregate.Aggregates[account], id string, decide func(*account) ([]any, error), options ...host.AppendOption) []host.Receipt {
	receipts, err := a.Do(t.Context(), id, decide, options...)
	require.NoError(t, err)
	return receipts
}

func TestLoad(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	l := load(t, a, "1")
	require.Equal(t, aggregate.Loaded[account]{State: &account{}, At: event.At("account:1", "account")}, l)

	do(t, a, "1", deposit(5))
	do(t, a, "2", deposit(7))
	receipts := do(t, a, "1", func(a *account) ([]any, error) {
		require.Equal(t, &account{Balance: 5, Events: 1}, a)
		return []any{deposited{Amount: -2, Balance: 3}, &noted{Text: "rent"}}, nil
	})
	require.Len(t, receipts, 2)
	require.EqualValues(t, 2, receipts[1].Clock)
	l = load(t, a, "1")
	require.Equal(t, &account{Balance: 3, Events: 3, Notes: map[string]int{"rent": 1}}, l.State)
	require.Equal(t, host.State{Some: true, Clock: 2}, l.Version)
	require.Equal(t, 3, l.Folded)
	position, err := st.Position(t.Context())
	require.NoError(t, err)
	require.Equal(t, position, l.Position)
	require.Equal(t, 7, load(t, a, "2").State.Balance)

	_, err = st.Append(t.Context(), l.At, 0x1001, deposited{Amount: 1, Balance: 4}, host.Expect(l.Version.Expected()))
	require.NoError(t, err)
	require.Equal(t, 4, load(t, a, "1").State.Balance)
}

// TestUnknownKinds: Apply sees events of kinds that the registry does not have.
func TestUnknownKinds(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	do(t, a, "1", deposit(5))
	_, err := st.Append(t.Context(), event.At("account:1", "account"), 0x2001, "from another program")
	require.NoError(t, err)
	do(t, a, "1", deposit(6))
	require.Equal(t, &account{Balance: 11, Events: 3, unknown: []event.Kind{0x2001}}, load(t, a, "1").State)
}

func TestScope(t *testing.T) {
	for _, c := range []struct {
		prefix string
		option []aggregate.Option
		scope  string
	}{
		{"account:", nil, "account"},
		{"bank/account/", nil, "bank/account"},
		{":", nil, "aggregate"},
		{"", nil, "aggregate"},
		{"account:", []aggregate.Option{aggregate.Scope("bank")}, "bank"},
		{"account:", []aggregate.Option{aggregate.ScopeOf(func(id string) string { return "tenant:" + id[:2] })}, "tenant:nl"},
	} {
		a := aggregate.Of[account](newStore(t), types, c.prefix, c.option...)
		receipts := do(t, a, "nl-1", decided(noted{}, noted{}))
		require.Len(t, receipts, 2)
		require.Equal(t, event.At(c.prefix+"nl-1", c.scope), load(t, a, "nl-1").At)
	}
}

func TestNames(t *testing.T) {
	a := accounts(newStore(t))
	for _, id := range []string{"", "\xff", string(make([]byte, 1100))} {
		_, err := a.Load(t.Context(), id)
		var name *host.NameError
		require.ErrorAs(t, err, &name)
		_, err = a.Do(t.Context(), id, deposit(1))
		require.ErrorAs(t, err, &name)
	}
}

// TestPoisoned: an event that is not of its type ends a load with an error that names it.
func TestPoisoned(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	do(t, a, "1", deposit(5))
	r, err := st.Append(t.Context(), event.At("account:1", "account"), 0x1001, "not a deposit")
	require.NoError(t, err)
	check := func(err error) {
		var why *typed.DecodeError
		require.ErrorAs(t, err, &why)
		require.Equal(t, r.ID, why.ID)
		require.Equal(t, "account.deposited", why.Name)
	}
	_, err = a.Load(t.Context(), "1")
	check(err)
	_, err = a.Do(t.Context(), "1", deposit(6))
	check(err)
	require.Equal(t, 2, count(t, st))
}

// TestApplyError: an event that Apply refuses ends a load with an error that names it.
func TestApplyError(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	do(t, a, "1", deposit(5))
	r, err := types.Append(t.Context(), st, a.At("1"), deposited{Amount: 1, Balance: 7})
	require.NoError(t, err)
	for _, err := range []error{
		func() error { _, err := a.Load(t.Context(), "1"); return err }(),
		func() error { _, err := a.Do(t.Context(), "1", deposit(6)); return err }(),
	} {
		var why *aggregate.ApplyError
		require.ErrorAs(t, err, &why)
		require.Equal(t, aggregate.ApplyError{
			Entity: "account:1", ID: r.ID, Sequence: 1, Clock: 1, Kind: 0x1001, Name: "account.deposited", Err: errBalance,
		}, *why)
		require.ErrorIs(t, err, errBalance)
		require.ErrorContains(t, err, "account:1")
		require.ErrorContains(t, err, "account.deposited")
	}
}

// TestWith: another store value of the same store does the appends.
func TestWith(t *testing.T) {
	st := newStore(t)
	a := accounts(st)
	other := &meddler{Store: st}
	do(t, a.With(other), "1", deposit(5))
	require.Equal(t, 1, other.batches)
	do(t, a, "1", deposit(5))
	require.Equal(t, 1, other.batches)
	require.Equal(t, 10, load(t, a, "1").State.Balance)
	a.Close()
}

// meddler is a store that does something before a batch.
type meddler struct {
	aggregate.Store
	batches int
	before  func(items []host.Item)
}

func (m *meddler) AppendBatch(ctx context.Context, items []host.Item) ([]host.Receipt, error) {
	m.batches++
	if m.before != nil {
		m.before(items)
	}
	return m.Store.AppendBatch(ctx, items)
}

// TestCoordinates: the coordinate of an id, the id of an entity, and the region of all.
func TestCoordinates(t *testing.T) {
	st := newStore(t)
	a := accounts(st, aggregate.Scope("bank"))
	do(t, a, "1", deposit(5))
	require.Equal(t, event.At("account:1", "bank"), a.At("1"))
	require.Equal(t, load(t, a, "1").At, a.At("1"))
	require.Equal(t, host.Region{EntityPrefix: "account:"}, a.Region())
	for entity, want := range map[string]string{"account:1": "1", "account:a:b": "a:b", "account:": "", "order:1": "", "account": ""} {
		id, ok := a.ID(entity)
		require.Equal(t, want != "", ok, entity)
		if ok {
			require.Equal(t, want, id)
		}
	}
}
