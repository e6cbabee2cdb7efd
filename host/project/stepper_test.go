package project_test

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

func TestStepper(t *testing.T) {
	st, _ := openStore(t)
	s := project.NewStepper(st, Types, host.Region{Kinds: event.AnyOf(0x1001, 0x1002)}, &Totals{})
	_, err := s.Next(t.Context())
	require.Equal(t, io.EOF, err)
	place(t, st, 1)
	_, err = st.Append(t.Context(), event.At("a", "b"), 0x2001, "passed over")
	require.NoError(t, err)
	place(t, st, 2)
	want := json.RawMessage(`{"Orders":0,"Cents":0}`)
	for i := range 6 {
		step, err := s.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, step.Before)
		want = step.After
		if i == 5 {
			require.Equal(t, []project.Change{{Path: "/Cents", Before: []byte("0"), After: []byte("1")}}, step.Changes)
			require.Equal(t, "6 order:1 order.paid\n  /Cents: 0 -> 1", step.String())
		}
	}
	require.JSONEq(t, `{"Orders":3,"Cents":1}`, string(want))
	require.Equal(t, 3, s.State().Orders)
	_, err = s.Next(t.Context())
	require.Equal(t, io.EOF, err)
}

// document is a state of any JSON.
type document struct{ v any }

func (d *document) Apply(e typed.Envelope) error {
	if e.Value == (OrderPaid{Cents: 13}) {
		return errRefused
	}
	return json.Unmarshal([]byte(e.Value.(OrderPlaced).Customer), &d.v)
}

func (d *document) MarshalJSON() ([]byte, error) { return json.Marshal(d.v) }

func TestDifferences(t *testing.T) {
	st, _ := openStore(t)
	s := project.NewStepper(st, Types, host.Region{}, &document{})
	for _, c := range []struct {
		state string
		want  []string
	}{
		{`1`, []string{": null -> 1"}},
		{`1`, nil},
		{`{"a":1,"b":{"c":[1,2]}}`, []string{`: 1 -> {"a":1,"b":{"c":[1,2]}}`}},
		{`{"a":1,"b":{"c":[1,3,4]}}`, []string{"/b/c/1: 2 -> 3", "/b/c/2: nothing -> 4"}},
		{`{"b":{"c":[1]},"x/y~z":null}`, []string{"/a: 1 -> nothing", "/b/c/1: 3 -> nothing", "/b/c/2: 4 -> nothing", "/x~1y~0z: nothing -> null"}},
		{`{"b":[],"x/y~z":0}`, []string{`/b: {"c":[1]} -> []`, "/x~1y~0z: null -> 0"}},
		{`{"b":true,"x/y~z":{}}`, []string{"/b: [] -> true", "/x~1y~0z: 0 -> {}"}},
		{`[]`, []string{`: {"b":true,"x/y~z":{}} -> []`}},
	} {
		_, err := Types.Append(t.Context(), st, event.At("a", "b"), OrderPlaced{Customer: c.state})
		require.NoError(t, err)
		step, err := s.Next(t.Context())
		require.NoError(t, err)
		var got []string
		for _, change := range step.Changes {
			got = append(got, change.String())
		}
		require.Equal(t, c.want, got, c.state)
	}
	_, err := Types.Append(t.Context(), st, event.At("a", "b"), OrderPaid{Cents: 13})
	require.NoError(t, err)
	step, err := s.Next(t.Context())
	require.ErrorIs(t, err, errRefused)
	require.EqualValues(t, 8, step.Event.Sequence)
	_, err = s.Next(t.Context())
	require.Equal(t, project.ErrHalfChanged, err)
}

// TestStepperUpcastPanics: an upcast that panics is an error of the event.
func TestStepperUpcastPanics(t *testing.T) {
	st, _ := openStore(t)
	_, err := st.Append(t.Context(), event.At("a", "b"), 0x1003, OrderPaid{})
	require.NoError(t, err)
	types := typed.Registry(typed.Event[OrderPlaced](0x1001, "order.placed",
		typed.Was(0x1003, func(OrderPaid) OrderPlaced { panic("upcast") })))
	_, err = project.NewStepper(st, types, host.Region{}, &Totals{}).Next(t.Context())
	var why *project.EventError
	require.ErrorAs(t, err, &why)
	require.EqualValues(t, 0x1003, why.Kind)
	var panicked *project.PanicError
	require.ErrorAs(t, err, &panicked)
}
