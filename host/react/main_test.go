package react_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/react"
	"github.com/thawlog/thaw/host/typed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type paid struct{ N int }

type ship struct{ N, Part int }

type chained struct{ Left int }

type pair struct{ A, B int }

type flat struct{ A, B string }

const (
	kindPaid    = event.Kind(0x1001)
	kindShip    = event.Kind(0x1002)
	kindChained = event.Kind(0x1003)
	kindUnknown = event.Kind(0x1999)
)

var types = typed.Registry(
	typed.Event[paid](kindPaid, "paid"),
	typed.Event[ship](kindShip, "ship"),
	typed.Event[chained](kindChained, "chained"),
	typed.Event[pair](0x1005, "pair",
		typed.Was(0x1004, func(old flat) pair { return pair{A: len(old.A), B: 1 / len(old.B)} })),
)

var (
	at       = event.At("order:1", "shop")
	payments = host.Region{Kinds: event.Only(kindPaid)}
)

func newStore(t testing.TB) *host.Store {
	st, err := host.Open(t.Context(), "store", host.Options{FS: crashfs.New()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// add appends values to one entity.
func add(t require.TestingT, st *host.Store, at event.Coordinate, values ...any) (receipts []host.Receipt) {
	for _, v := range values {
		r, err := types.Append(context.Background(), st, at, v)
		require.NoError(t, err)
		receipts = append(receipts, r)
	}
	return receipts
}

// all returns the events of a region.
func all(t testing.TB, st host.Reader, region host.Region) (events []typed.Envelope) {
	ctx := context.Background()
	for e, err := range types.Each(st.ReadEach(ctx, st.Query(ctx, region, host.Page{}))) {
		require.NoError(t, err)
		events = append(events, e)
	}
	return events
}

// twoParts ships every payment in two parcels.
func twoParts(_ context.Context, e typed.Envelope) ([]react.Reaction, error) {
	n := e.Value.(paid).N
	return []react.Reaction{{At: e.Coordinate, Value: ship{n, 1}}, {At: e.Coordinate, Value: ship{n, 2}}}, nil
}

// requireShipped checks that each payment has its two parcels, and that there are no others.
func requireShipped(t testing.TB, st host.Reader) {
	t.Helper()
	parts := map[event.ID][]int{}
	for _, e := range all(t, st, host.Region{Kinds: event.Only(kindShip)}) {
		parts[e.Causation] = append(parts[e.Causation], e.Value.(ship).Part)
	}
	for _, e := range all(t, st, payments) {
		require.Equal(t, []int{1, 2}, parts[e.ID], "of event %d", e.Sequence)
		delete(parts, e.ID)
	}
	require.Empty(t, parts)
}
