package aggregate_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/storetest"
	"github.com/thawlog/thaw/host/typed"
)

// TestRefusedByApply: what Apply refuses is not written, and the key stays free.
func TestRefusedByApply(t *testing.T) {
	wrong := deposited{Amount: 1, Balance: 9}
	for name, c := range map[string]struct {
		values []any
		clock  uint32
	}{
		"first":           {[]any{wrong}, 1},
		"after others":    {[]any{noted{}, deposited{Amount: 1, Balance: 6}, &wrong}, 3},
		"twice the state": {[]any{deposited{Amount: 1, Balance: 6}, deposited{Amount: 1, Balance: 6}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStore(t)
			a := accounts(st)
			do(t, a, "1", deposit(5))
			_, err := a.Do(t.Context(), "1", decided(c.values...), key)
			var why *aggregate.ApplyError
			require.ErrorAs(t, err, &why)
			require.True(t, why.Decided)
			require.Equal(t, c.clock, why.Clock)
			require.Equal(t, "account.deposited", why.Name)
			require.ErrorIs(t, err, errBalance)
			require.ErrorContains(t, err, "nothing was written")
			require.Equal(t, 1, count(t, st))
			require.False(t, do(t, a, "1", deposit(5), key)[0].Repeated)
			require.Equal(t, 10, load(t, a, "1").State.Balance)
		})
	}
}

// bomb panics at an event, with the value that it holds.
type bomb struct{ Notes int }

var errBomb = errors.New("bomb")

func (b *bomb) Apply(e typed.Envelope) error {
	if n, ok := e.Value.(noted); ok && n.Text == "bomb" {
		panic(errBomb)
	}
	b.Notes++
	return nil
}

// TestApplyPanics: a panic of Apply is an error of Load and of Do, and leaves nothing locked.
func TestApplyPanics(t *testing.T) {
	st := newStore(t)
	a := aggregate.Of[bomb](st, types, "bomb:")
	check := func(decided bool, clock uint32, err error) {
		t.Helper()
		var why *aggregate.ApplyError
		require.ErrorAs(t, err, &why)
		require.Equal(t, decided, why.Decided)
		require.Equal(t, clock, why.Clock)
		var panicked *aggregate.PanicError
		require.ErrorAs(t, err, &panicked)
		require.Equal(t, errBomb, panicked.Value)
		require.Contains(t, string(panicked.Stack), "Apply")
		require.ErrorIs(t, err, errBomb)
	}
	explode := func(*bomb) ([]any, error) { return []any{noted{}, noted{Text: "bomb"}}, nil }
	_, err := a.Do(t.Context(), "1", explode)
	check(true, 1, err)
	require.Zero(t, count(t, st))
	for _, text := range []string{"", "", "bomb", ""} {
		_, err := types.Append(t.Context(), st, a.At("1"), noted{text})
		require.NoError(t, err)
	}
	for range 2 {
		_, err = a.Load(t.Context(), "1")
		check(false, 2, err)
		_, err = a.Do(t.Context(), "1", explode)
		check(false, 2, err)
	}
}

type itemsAdded struct{ Names []string }

// basket keeps what an event has, and changes it afterwards.
type basket struct{ Names []string }

func (b *basket) Apply(e typed.Envelope) error {
	if b.Names != nil {
		b.Names[0] = "changed"
	}
	b.Names = e.Value.(itemsAdded).Names
	return nil
}

// TestDecidedValueStays: what Apply does with a value of an event does not reach the caller's,
// nor the store.
func TestDecidedValueStays(t *testing.T) {
	st := newStore(t)
	types := typed.Registry(typed.Event[itemsAdded](0x1001, "items.added"))
	a := aggregate.Of[basket](st, types, "basket:")
	names := []string{"tea"}
	_, err := a.Do(t.Context(), "1", func(*basket) ([]any, error) {
		return []any{itemsAdded{names}, itemsAdded{names}}, nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"tea"}, names)
	l, err := a.Load(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, names, l.State.Names)
}

// witness notes the events that it was given.
type witness struct{}

var witnessed []typed.Envelope // of all witnesses; the tests that use it are not parallel

func (w *witness) Apply(e typed.Envelope) error {
	e.Payload = append([]byte(nil), e.Payload...)
	witnessed = append(witnessed, e)
	return nil
}

// TestForeseen: Apply gets a decided event as it will be read, hashes and position aside.
func TestForeseen(t *testing.T) {
	now := time.UnixMicro(1_600_000_000_000_000)
	st, err := host.Open(t.Context(), "store", host.Options{FS: crashfs.New(), Now: func() time.Time { return now }})
	require.NoError(t, err)
	defer func() { require.NoError(t, st.Close()) }()
	refusing := &storetest.Refusing{Store: st}
	meta := event.NewMeta(map[string]string{event.MetaActor: "user:7"})
	for i, c := range []struct {
		store   aggregate.Store
		options []host.AppendOption
	}{
		{st, []host.AppendOption{key}},
		{refusing, []host.AppendOption{host.WithKey(host.KeyOf("2"))}},
		{st, nil},
		{st, []host.AppendOption{
			host.WithKey(host.KeyOf("3")), host.CausedBy(host.KeyOf("cause")), host.Correlated(host.KeyOf("talk")),
			host.WithMeta(meta), host.WithTime(now.Add(-time.Hour)), host.WithFlags(event.FlagRequiresAck),
		}},
	} {
		a := aggregate.Of[witness](c.store, types, "account:")
		witnessed = nil
		_, err := a.Do(t.Context(), "1", func(*witness) ([]any, error) { return []any{&noted{Text: "a"}}, nil }, c.options...)
		require.NoError(t, err)
		require.Len(t, witnessed, i+1)
		got := witnessed[i]
		_, err = a.Load(t.Context(), "1")
		require.NoError(t, err)
		want := witnessed[len(witnessed)-1]
		want.PrevHash, want.EventHash, want.ContentHash, want.Position = event.Hash{}, event.Hash{}, event.Hash{}, event.Position{}
		if c.options == nil {
			require.NotZero(t, got.ID)
			require.Equal(t, got.ID, got.Correlation)
			want.ID, want.Correlation = got.ID, got.ID
		}
		require.Equal(t, want, got)
	}
}
