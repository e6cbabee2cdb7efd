package react_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/react"
	"github.com/thawlog/thaw/host/typed"
)

// A reactor on a store with a policy acts as somebody. Its batches are judged and recorded
// once, a denied one is given up, and a store that it may not use stops it.
func TestRunWithPolicy(t *testing.T) {
	errSecond := errors.New("no second parcel of payment 2")
	policy := gate.Set(gate.New("parcels", func(p *gate.Proposal) error {
		if s, ok := p.Value.(ship); ok && s == (ship{2, 2}) {
			return errSecond
		}
		return nil
	}))
	records := &host.Records{At: event.At("audit", "audit"), Permitted: 0x1F01, Denied: 0x1F02}
	st, err := host.Open(t.Context(), "store", host.Options{FS: crashfs.New(), Policy: policy, Records: records})
	require.NoError(t, err)
	defer func() { require.NoError(t, st.Close()) }()
	for i := 1; i <= 3; i++ {
		_, err := types.Append(t.Context(), st.As(gate.Actor{ID: "user:1"}), at, paid{i})
		require.NoError(t, err)
	}
	shipping := st.As(gate.Actor{ID: "reactor:shipping"})
	var parked []error
	o := react.Options{Park: func(_ context.Context, e typed.Envelope, err error) error {
		require.Equal(t, paid{2}, e.Value)
		parked = append(parked, err)
		return nil
	}}
	require.ErrorIs(t, settle(t, st, payments, twoParts, o), host.ErrNoPermit)
	require.ErrorIs(t, settle(t, st.Bypass(gate.Bypass{}, gate.Actor{}), payments, twoParts, o), gate.ErrBypass)
	require.Empty(t, parked)

	require.NoError(t, settle(t, shipping, payments, twoParts, o))
	require.Len(t, parked, 1)
	require.ErrorIs(t, parked[0], gate.ErrDenied)
	require.ErrorIs(t, parked[0], errSecond)
	var failed *react.EventError
	require.ErrorAs(t, parked[0], &failed)
	require.Equal(t, 1, failed.Tries)

	// The others are not judged again; a bypass lets the denied one in.
	var denial *gate.Denial
	require.ErrorAs(t, settle(t, shipping, payments, twoParts, react.Options{}), &denial)
	require.Equal(t, 1, denial.Item)
	require.NoError(t, settle(t, st.Bypass(gate.Bypass{Reason: "loss", Justification: "ticket 7"}, gate.Actor{ID: "user:2"}), payments, twoParts, react.Options{}))
	requireShipped(t, st)
	kinds := map[event.Kind]uint64{}
	for k, err := range st.Kinds(t.Context()) {
		require.NoError(t, err)
		kinds[k.Kind] = k.Events
	}
	require.Equal(t, map[event.Kind]uint64{kindPaid: 3, kindShip: 6, 0x1F01: 5, 0x1F02: 2}, kinds)
}

// A reactor to everything sees the records of its own batches, which carry the depth of the
// chain, so it ends.
func TestRunReactsToRecords(t *testing.T) {
	records := &host.Records{At: event.At("audit", "audit"), Permitted: 0x1F01}
	st, err := host.Open(t.Context(), "store", host.Options{FS: crashfs.New(), Policy: gate.Set(), Records: records})
	require.NoError(t, err)
	defer func() { require.NoError(t, st.Close()) }()
	as := st.As(gate.Actor{ID: "reactor"})
	_, err = types.Append(t.Context(), as, at, paid{1})
	require.NoError(t, err)
	require.ErrorIs(t, settle(t, as, host.Region{}, func(_ context.Context, e typed.Envelope) ([]react.Reaction, error) {
		return []react.Reaction{{At: at, Value: ship{}}}, nil
	}, react.Options{}), react.ErrDepth)
}
