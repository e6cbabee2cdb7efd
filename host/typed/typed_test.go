package typed_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
	"github.com/thawlog/thaw/host/typed"
)

type placed struct {
	Customer string `msgpack:"customer"`
	Cents    int64  `msgpack:"cents"`
}

type placedV1 struct{ Name string }

type placedV2 struct {
	Customer string
	Euros    int64
}

type shipped struct{ By string }

var types = typed.Registry(
	typed.Event[placed](0x1003, "order.placed",
		typed.Was(0x1002, func(o placedV2) placed { return placed{Customer: o.Customer, Cents: 100 * o.Euros} },
			typed.Was(0x1001, func(o placedV1) placedV2 { return placedV2{Customer: o.Name} }))),
	typed.Event[shipped](0x1004, "order.shipped"),
)

func newStore(t *testing.T) *host.Store {
	st, err := host.Open(t.Context(), "store", host.Options{FS: crashfs.New()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// decoded returns the values of all events.
func decoded(t *testing.T, st *host.Store) (values []any) {
	for e, err := range types.Each(st.ReadEach(t.Context(), st.Query(t.Context(), host.Region{}, host.Page{}))) {
		require.NoError(t, err)
		values = append(values, e.Value)
	}
	return values
}

func TestRoundTrip(t *testing.T) {
	st, at := newStore(t), event.At("order:1", "shop")
	for _, value := range []any{placed{Customer: "Ada", Cents: 5}, &shipped{By: "train"}} {
		_, err := types.Append(t.Context(), st, at, value)
		require.NoError(t, err)
	}
	require.Equal(t, []any{placed{Customer: "Ada", Cents: 5}, shipped{By: "train"}}, decoded(t, st))
	var kinds []event.Kind
	for e, err := range st.Query(t.Context(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		kinds = append(kinds, e.Kind)
	}
	require.Equal(t, []event.Kind{0x1003, 0x1004}, kinds)
}

// TestUpcast: each older kind becomes the type of today, also over two steps.
func TestUpcast(t *testing.T) {
	st, at := newStore(t), event.At("order:1", "shop")
	for kind, value := range []any{placedV1{Name: "Ada"}, placedV2{Customer: "Bob", Euros: 2}, placed{Customer: "Cy", Cents: 3}} {
		_, err := st.Append(t.Context(), at, 0x1001+event.Kind(kind), value)
		require.NoError(t, err)
	}
	require.Equal(t, []any{placed{Customer: "Ada"}, placed{Customer: "Bob", Cents: 200}, placed{Customer: "Cy", Cents: 3}}, decoded(t, st))
	for kind := event.Kind(0x1001); kind <= 0x1003; kind++ {
		require.Equal(t, "order.placed", types.Name(kind))
	}
}

// TestFields: a field that was added keeps its zero value, and one that was dropped is
// passed over.
func TestFields(t *testing.T) {
	st := newStore(t)
	_, err := st.Append(t.Context(), event.At("order:1", "shop"), 0x1003, map[string]any{"customer": "Ada", "coupon": "X"})
	require.NoError(t, err)
	require.Equal(t, []any{placed{Customer: "Ada"}}, decoded(t, st))
}

func TestUnknownKinds(t *testing.T) {
	st := newStore(t)
	for range 2 {
		_, err := st.Append(t.Context(), event.At("order:1", "shop"), 0x2001, "hello")
		require.NoError(t, err)
	}
	_, err := st.Append(t.Context(), event.At("order:1", "shop"), event.SystemInit, "start", host.AllowReservedKind())
	require.NoError(t, err)
	_, err = types.Append(t.Context(), st, event.At("order:1", "shop"), shipped{})
	require.NoError(t, err)
	raw := host.Raw("\xa5hello")
	got := decoded(t, st)
	require.Equal(t, []any{raw, raw, host.Raw("\xa5start"), shipped{}}, got)
	unknown, err := types.Check(t.Context(), st)
	require.NoError(t, err)
	require.Len(t, unknown, 1)
	require.Equal(t, event.Kind(0x2001), unknown[0].Kind)
	require.EqualValues(t, 2, unknown[0].Events)
	var none *typed.Types
	unknown, err = none.Check(t.Context(), st)
	require.NoError(t, err)
	require.Len(t, unknown, 2)
}

// TestPoisoned: an event whose payload is not of its type is an error with the event, and
// ends an iteration.
func TestPoisoned(t *testing.T) {
	st, at := newStore(t), event.At("order:1", "shop")
	r, err := st.Append(t.Context(), at, 0x1003, "not an order")
	require.NoError(t, err)
	_, err = types.Append(t.Context(), st, at, shipped{})
	require.NoError(t, err)
	steps := 0
	for e, err := range types.Each(st.ReadEach(t.Context(), st.Query(t.Context(), host.Region{}, host.Page{}))) {
		steps++
		var why *typed.DecodeError
		require.ErrorAs(t, err, &why)
		require.Equal(t, typed.DecodeError{ID: r.ID, Kind: 0x1003, Name: "order.placed", Err: why.Err}, *why)
		require.Error(t, why.Err)
		require.Equal(t, r.ID, e.ID)
		require.Nil(t, e.Value)
	}
	require.Equal(t, 1, steps)
}

// TestEachPassesErrors: an error of the events ends the iteration.
func TestEachPassesErrors(t *testing.T) {
	failed := errors.New("failed")
	steps := 0
	for _, err := range types.Each(func(yield func(event.Full, error) bool) { yield(event.Full{}, failed) }) {
		steps++
		require.Equal(t, failed, err)
	}
	require.Equal(t, 1, steps)
}

func TestUnknownType(t *testing.T) {
	var nowhere *placed
	for _, value := range []any{nil, "text", struct{}{}, nowhere, 1, (*int)(nil)} {
		_, err := types.Item(event.At("a", "b"), value)
		require.ErrorIs(t, err, typed.ErrUnknownType)
		_, ok := types.Kind(value)
		require.False(t, ok)
		_, err = types.Append(context.Background(), nil, event.At("a", "b"), value)
		require.ErrorIs(t, err, typed.ErrUnknownType)
	}
}

func TestDefinitions(t *testing.T) {
	same := func(o placedV1) placed { return placed{} }
	for name, c := range map[string]struct {
		types []typed.Type
		want  error
	}{
		"a kind twice":              {[]typed.Type{typed.Event[placed](0x1001, "a"), typed.Event[shipped](0x1001, "b")}, typed.ErrKindTwice},
		"an older kind twice":       {[]typed.Type{typed.Event[placed](0x1001, "a", typed.Was(0x1002, same), typed.Was(0x1002, same))}, typed.ErrKindTwice},
		"a kind older than itself":  {[]typed.Type{typed.Event[placed](0x1001, "a", typed.Was(0x1001, same))}, typed.ErrKindTwice},
		"an older kind and another": {[]typed.Type{typed.Event[placed](0x1001, "a", typed.Was(0x1002, same)), typed.Event[shipped](0x1002, "b")}, typed.ErrKindTwice},
		"a name twice":              {[]typed.Type{typed.Event[placed](0x1001, "a"), typed.Event[shipped](0x1002, "a")}, typed.ErrNameTwice},
		"a type twice":              {[]typed.Type{typed.Event[placed](0x1001, "a"), typed.Event[placed](0x1002, "b")}, typed.ErrTypeTwice},
		"no name":                   {[]typed.Type{typed.Event[placed](0x1001, "")}, typed.ErrName},
		"a space":                   {[]typed.Type{typed.Event[placed](0x1001, "order placed")}, typed.ErrName},
		"a long name":               {[]typed.Type{typed.Event[placed](0x1001, strings.Repeat("x", 129))}, typed.ErrName},
		"no definition":             {[]typed.Type{{}}, typed.ErrNoType},
		"a pointer":                 {[]typed.Type{typed.Event[*placed](0x1001, "a")}, typed.ErrNoType},
		"an interface":              {[]typed.Type{typed.Event[any](0x1001, "a")}, typed.ErrNoType},
		"raw":                       {[]typed.Type{typed.Event[host.Raw](0x1001, "a")}, typed.ErrNoType},
		"a system kind":             {[]typed.Type{typed.Event[placed](event.SystemInit, "a")}, host.ErrKind},
		"an effect kind":            {[]typed.Type{typed.Event[placed](0xD001, "a")}, host.ErrKind},
		"an older marker":           {[]typed.Type{typed.Event[placed](0x1001, "a", typed.Was(event.SystemBatchBegin, same))}, host.ErrKind},
		"no upcast":                 {[]typed.Type{typed.Event[placed](0x1001, "a", typed.Was[placedV1, placed](0x1002, nil))}, typed.ErrNoUpcast},
		"no upcast in a chain": {[]typed.Type{typed.Event[placed](0x1001, "a", typed.Was(0x1002, same,
			typed.Was[placedV2, placedV1](0x1003, nil)))}, typed.ErrNoUpcast},
		"no upcast after another": {[]typed.Type{typed.Event[placed](0x1001, "a", typed.Was[placedV1, placed](0x1002, nil,
			typed.Was(0x1003, func(placedV2) placedV1 { return placedV1{} })))}, typed.ErrNoUpcast},
		"channels":                 {[]typed.Type{typed.Event[struct{ C []chan int }](0x1001, "a")}, payload.ErrType},
		"not to be decoded":        {[]typed.Type{typed.Event[struct{ S fmt.Stringer }](0x1001, "a")}, payload.ErrType},
		"older, not to be decoded": {[]typed.Type{typed.Event[placed](0x1001, "a", typed.Was(0x1002, func(struct{ S fmt.Stringer }) placed { return placed{} }))}, payload.ErrType},
	} {
		_, err := typed.New(c.types...)
		require.ErrorIs(t, err, c.want, name)
		var why *typed.DefinitionError
		require.ErrorAs(t, err, &why, name)
		require.Panics(t, func() { typed.Registry(c.types...) }, name)
	}
	_, err := typed.New(typed.Event[chan int](0x1001, "a"))
	require.Error(t, err, "a channel has no payload")
	none, err := typed.New()
	require.NoError(t, err)
	require.Empty(t, none.Names())
}

func TestKinds(t *testing.T) {
	kinds, ok := types.Kinds("order.placed")
	require.True(t, ok)
	require.Equal(t, event.AnyOf(0x1001, 0x1002, 0x1003), kinds)
	kinds, ok = types.Kinds()
	require.True(t, ok)
	require.Equal(t, event.AnyOf(0x1001, 0x1002, 0x1003, 0x1004), kinds)
	kinds, ok = types.Kinds("order.placed", "order.lost")
	require.False(t, ok)
	require.False(t, kinds.Has(0x1001))
	require.Equal(t, map[event.Kind]string{
		0x1001: "order.placed", 0x1002: "order.placed", 0x1003: "order.placed", 0x1004: "order.shipped",
	}, types.Names())
	var none *typed.Types
	require.Empty(t, none.Names())
	require.Equal(t, "", none.Name(0x1001))
}

type node struct {
	Next []*node
	Leaf leaf
}

type leaf struct{ A int }

func TestFingerprint(t *testing.T) {
	first := typed.Registry(typed.Event[placed](0x1001, "a")).Fingerprint()
	require.Equal(t, first, typed.Registry(typed.Event[placed](0x1001, "a")).Fingerprint())
	for name, other := range map[string]*typed.Types{
		"another kind": typed.Registry(typed.Event[placed](0x1002, "a")),
		"another name": typed.Registry(typed.Event[placed](0x1001, "b")),
		"another type": typed.Registry(typed.Event[shipped](0x1001, "a")),
		"more":         typed.Registry(typed.Event[placed](0x1001, "a"), typed.Event[shipped](0x1002, "b")),
	} {
		require.NotEqual(t, first, other.Fingerprint(), name)
	}
	require.NotEmpty(t, typed.Shape(reflect.TypeFor[node]()), "a recursive type")
	require.NotEqual(t, typed.Shape(reflect.TypeFor[struct {
		A int `msgpack:"a"`
	}]()), typed.Shape(reflect.TypeFor[struct {
		A int `msgpack:"b"`
	}]()))
}
