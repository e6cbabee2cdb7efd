package storetest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/storetest"
	"github.com/thawlog/thaw/host/typed"
)

// reactor is a reaction as package react has it.
type reactor struct {
	At      event.Coordinate
	Value   any
	Options []host.AppendOption
}

// charge asks for a payment, in the stream of the customer.
func charge(_ context.Context, e typed.Envelope) ([]reactor, error) {
	switch v := e.Value.(type) {
	case placed:
		if v.Customer == "" {
			return nil, errUnknown
		}
		return []reactor{{At: event.At("customer:"+v.Customer, e.Scope), Value: paid{Amount: 5}}}, nil
	}
	return nil, nil
}

// policy has a limit for each payment, of known actors.
var policy = gate.Set(
	gate.New("known", func(p *gate.Proposal) error {
		if p.Actor.ID == "" {
			return errPaid
		}
		return nil
	}),
	gate.New("limit", func(p *gate.Proposal) error {
		if v := p.Value.(paid); v.Amount > 10 {
			return fmt.Errorf("%d: %w", v.Amount, errOther)
		}
		return nil
	}),
)

var ada = gate.Actor{ID: "user:ada"}

// TestOutcomes: each helper succeeds when it should, and else fails and says why.
func TestOutcomes(t *testing.T) {
	given := storetest.Given[order]
	long := noted{Text: "a text of some length, for which there are several lines", Count: 1, By: "Ada"}
	longer := long
	longer.Count = 2
	note := func(*order) ([]any, error) { return []any{long}, nil }
	for name, c := range map[string]struct {
		test func(t testing.TB)
		want []string // of the failure; none if it succeeds
	}{
		"decided":           {func(t testing.TB) { given(t, types, placed{"Ada"}).When(pay(10)).Then(paid{10}) }, nil},
		"decided, pointers": {func(t testing.TB) { given(t, types, &placed{"Ada"}).When(pay(10)).Then(&paid{10}) }, nil},
		"refused":           {func(t testing.TB) { given(t, types, placed{"Ada"}, paid{1}).When(pay(10)).Fails(errPaid) }, nil},
		"nothing decided":   {func(t testing.TB) { given(t, types).When(pay(0)).Then() }, nil},
		"two steps": {func(t testing.TB) {
			given(t, types, placed{"Ada"}).When(pay(10)).Then(paid{10}).When(pay(2)).Fails(errPaid).Is(order{"Ada", 10, 2})
		}, nil},
		"an older kind": {func(t testing.TB) {
			given(t, types, host.Item{Kind: 0x1000, Payload: placedV1{7}}).Is(order{"customer 7", 0, 1})
		}, nil},

		"another value": {
			func(t testing.TB) { given(t, types, placed{"Ada"}).When(pay(12)).Then(paid{10}) },
			[]string{"(-wanted +got)\n", `  - order.paid {"Amount":10}`, `  + order.paid {"Amount":12}`},
		},
		"another type": {
			func(t testing.TB) { given(t, types).When(pay(12)).Then(placed{"Ada"}) },
			[]string{`  - order.placed {"Customer":"Ada"}`, `  + order.paid {"Amount":12}`},
		},
		"an older kind of the same payload": {
			func(t testing.TB) {
				given(t, types).When(func(*order) ([]any, error) { return []any{placed{"Ada"}}, nil }).
					Then(host.Item{Kind: 0x1000, Payload: placed{"Ada"}})
			},
			[]string{`  - order.placed (0x1000) {"Customer":"Ada"}`, `  + order.placed {"Customer":"Ada"}`},
		},
		"one too few": {
			func(t testing.TB) { given(t, types).When(pay(12)).Then(placed{"Ada"}, paid{12}) },
			[]string{`  - order.placed {"Customer":"Ada"}`, `    order.paid {"Amount":12}`},
		},
		"one too many":  {func(t testing.TB) { given(t, types).When(pay(12)).Then() }, []string{`  + order.paid {"Amount":12}`}},
		"another field": {func(t testing.TB) { given(t, types).When(note).Then(longer) }, []string{"\n  -   \"Count\": 2,", "\n  +   \"Count\": 1,", "\n      \"By\": \"Ada\""}},
		"an error instead of events": {
			func(t testing.TB) { given(t, types, paid{1}).When(pay(10)).Then(paid{10}) },
			[]string{`want events, got the error "paying 10: paid already"`},
		},
		"events instead of an error": {
			func(t testing.TB) { given(t, types).When(pay(10)).Fails(errPaid) },
			[]string{`want the error "paid already", got 1 events`, `order.paid {"Amount":10}`},
		},
		"another error": {
			func(t testing.TB) { given(t, types, paid{1}).When(pay(10)).Fails(errOther) },
			[]string{`want the error "another error", got "paying 10: paid already"`},
		},
		"a decision that is not looked at": {func(t testing.TB) { given(t, types).When(pay(10)) }, []string{"without Then or Fails"}},
		"decided what the state refuses": {
			func(t testing.TB) { given(t, types).When(pay(1001)).Then(paid{1001}) },
			[]string{"the state refuses decided event 0", errUnknown.Error()},
		},
		"given what the state refuses": {
			func(t testing.TB) { given(t, types, placed{"Ada"}, paid{1001}) },
			[]string{"the state refuses given event 1, 0x1002: " + errUnknown.Error()},
		},
		"given a value of no type":  {func(t testing.TB) { given(t, types, unknown{}) }, []string{"event 0: ", "unknown"}},
		"wanted a value of no type": {func(t testing.TB) { given(t, types).When(pay(0)).Then(unknown{}) }, []string{"wanted event 0: ", "unknown"}},
		"decided a value of no type": {
			func(t testing.TB) {
				given(t, types).When(func(*order) ([]any, error) { return []any{unknown{}}, nil }).Then(paid{})
			},
			[]string{"got event 0: ", "unknown"},
		},
		"another state":          {func(t testing.TB) { given(t, types, paid{1}).Is(order{"", 2, 1}) }, []string{"- Paid: (int) 2", "+ Paid: (int) 1"}},
		"another private field":  {func(t testing.TB) { given(t, types, paid{1}).Is(order{"", 1, 2}) }, []string{"private"}},
		"an event of a bad name": {func(t testing.TB) { given(t, types, host.Item{At: event.At("e", ""), Payload: paid{1}}) }, []string{"appending the events"}},

		"projected":                 {func(t testing.TB) { storetest.Project(t, types, &order{Paid: 1}, paid{2}).Then(&order{"", 3, 1}) }, nil},
		"projected otherwise":       {func(t testing.TB) { storetest.Project(t, types, &order{}, paid{2}).Then(&order{"", 3, 1}) }, []string{"- Paid: (int) 3"}},
		"projection refuses":        {func(t testing.TB) { storetest.Project(t, types, &order{}, paid{1}, paid{1000}).Fails(errUnknown) }, nil},
		"projection refuses, wrong": {func(t testing.TB) { storetest.Project(t, types, &order{}, paid{1}, paid{1000}).Fails(errOther) }, []string{"another error", "at event 1"}},
		"projection refuses, events": {
			func(t testing.TB) { storetest.Project(t, types, &order{}, paid{1}, paid{1000}).Then(&order{}) },
			[]string{"the projection refuses event 1: " + errUnknown.Error()},
		},
		"projection refuses too early":       {func(t testing.TB) { storetest.Project(t, types, &order{}, paid{1001}, placed{"Ada"}).Fails(errUnknown) }, []string{"at the last event, got it at event 0"}},
		"projection does not refuse":         {func(t testing.TB) { storetest.Project(t, types, &order{}, paid{1}).Fails(errUnknown) }, []string{"got none"}},
		"a projection that is not looked at": {func(t testing.TB) { storetest.Project(t, types, &order{}, paid{1}) }, []string{"without Then or Fails"}},

		"reacted":          {func(t testing.TB) { storetest.React(t, types, charge, placed{"Ada"}, paid{1}).Then(paid{5}) }, nil},
		"no reaction":      {func(t testing.TB) { storetest.React(t, types, charge, paid{1}).Then() }, nil},
		"reaction refuses": {func(t testing.TB) { storetest.React(t, types, charge, placed{}).Fails(errUnknown) }, nil},
		"reacted there": {func(t testing.TB) {
			storetest.React(t, types, charge, placed{"Ada"}).Then(host.Item{At: event.At("customer:Ada", storetest.At.Scope), Payload: paid{5}})
		}, nil},
		"reacted elsewhere": {
			func(t testing.TB) {
				storetest.React(t, types, charge, placed{"Ada"}).Then(host.Item{At: event.At("customer:Eve", storetest.At.Scope), Payload: paid{5}})
			},
			[]string{`  - order.paid of "customer:Eve" in "scope" {"Amount":5}`, `  + order.paid of "customer:Ada" in "scope" {"Amount":5}`},
		},
		"an unwanted reaction":             {func(t testing.TB) { storetest.React(t, types, charge, placed{"Ada"}).Then() }, []string{"  + order.paid"}},
		"reaction does not refuse":         {func(t testing.TB) { storetest.React(t, types, charge, paid{1}).Fails(errUnknown) }, []string{"got 0 events"}},
		"a reaction that is not looked at": {func(t testing.TB) { storetest.React(t, types, charge, paid{1}) }, []string{"without Then or Fails"}},

		"permitted":      {func(t testing.TB) { storetest.Judge(t, types, policy, ada, paid{5}, paid{6}).Permits() }, nil},
		"refused by one": {func(t testing.TB) { storetest.Judge(t, types, policy, ada, paid{5}, paid{60}).Refuses("limit") }, nil},
		"refused by two": {func(t testing.TB) {
			storetest.Judge(t, types, policy, gate.Actor{}, paid{60}).Refuses("limit", "known")
		}, nil},
		"refused, the reason": {func(t testing.TB) {
			require.ErrorIs(t, storetest.Judge(t, types, policy, ada, paid{60}).Refuses("limit").Err(), errOther)
		}, nil},
		"not permitted": {
			func(t testing.TB) { storetest.Judge(t, types, policy, ada, paid{5}, paid{60}).Permits() },
			[]string{"want a permit\n    event 1, known: permitted\n    event 1, limit: refused: 60: another error"},
		},
		"not refused":        {func(t testing.TB) { storetest.Judge(t, types, policy, ada, paid{5}).Refuses("limit") }, []string{`want a refusal of ["limit"], got one of []: every gate permits`}},
		"refused by another": {func(t testing.TB) { storetest.Judge(t, types, policy, ada, paid{60}).Refuses("known") }, []string{`want a refusal of ["known"], got one of ["limit"]`}},
		"refused by one too many": {
			func(t testing.TB) { storetest.Judge(t, types, policy, gate.Actor{}, paid{60}).Refuses("known") },
			[]string{`got one of ["known" "limit"]`, "known: refused: paid already"},
		},
		"a judgement that is not looked at": {func(t testing.TB) { storetest.Judge(t, types, policy, ada, paid{5}) }, []string{"without Then or Fails"}},
		"an append that cannot be": {func(t testing.TB) {
			storetest.Judge(t, types, policy, ada, host.Item{Kind: 0x1002, Payload: func() {}})
		}, []string{"cannot be judged"}},
	} {
		t.Run(name, func(t *testing.T) {
			said := failure(t, c.test)
			if len(c.want) == 0 {
				require.Empty(t, said)
				return
			}
			require.NotEmpty(t, said)
			for _, want := range c.want {
				require.Contains(t, said, want)
			}
		})
	}
}

// TestEvents: handlers get events as from a store: with ids, clocks, times and values.
func TestEvents(t *testing.T) {
	meta := event.NewMeta(map[string]string{event.MetaActor: "user:7"})
	got := storetest.Events(t, types, placed{"Ada"}, host.Item{At: event.At("e", "s"), Payload: paid{1}, Options: []host.AppendOption{host.WithMeta(meta)}}, paid{2})
	require.Len(t, got, 3)
	for i, e := range got {
		require.EqualValues(t, i, e.Sequence)
		require.NotZero(t, e.ID)
		require.NotZero(t, e.TimestampUS)
	}
	require.Equal(t, storetest.At, got[0].Coordinate)
	require.Equal(t, placed{"Ada"}, got[0].Value)
	require.Equal(t, event.At("e", "s"), got[1].Coordinate)
	require.Equal(t, meta, got[1].Meta)
	require.EqualValues(t, 1, got[2].Clock-got[0].Clock)
	require.NotEqual(t, got[0].Payload, got[2].Payload, "own copies")
}

// careless is a state whose decisions change it, and whose Apply forgets to.
type careless struct{ Seen []string }

func (*careless) Apply(typed.Envelope) error { return nil }

// TestDecisionKeepsNothing: what a decision changes in the state is lost, as in a store.
func TestDecisionKeepsNothing(t *testing.T) {
	pay := func(c *careless) ([]any, error) {
		if len(c.Seen) > 0 {
			return nil, errPaid
		}
		c.Seen = append(c.Seen, "paid")
		return []any{paid{Amount: 1}}, nil
	}
	storetest.Given[careless](t, types).
		When(pay).Then(paid{Amount: 1}).Is(careless{}).
		When(pay).Then(paid{Amount: 1})
}
