package typed_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
	"github.com/thawlog/thaw/host/typed"
)

// TestGate: a typed gate judges the bytes, however they were given.
func TestGate(t *testing.T) {
	tooMuch := errors.New("too much")
	policy := gate.Set(typed.Gate(types, "cheap", func(p *gate.Proposal, o placed) error {
		if o.Cents > 100 {
			return tooMuch
		}
		return nil
	}))
	st, err := host.Open(t.Context(), "store", host.Options{FS: crashfs.New(), Policy: policy})
	require.NoError(t, err)
	defer st.Close()
	raw := func(v any) host.Raw {
		b, err := payload.Marshal(v)
		require.NoError(t, err)
		return b
	}
	var wrong *typed.DecodeError
	for name, c := range map[string]struct {
		kind  event.Kind
		value any
		err   error
	}{
		"permitted":        {0x1003, placed{Cents: 100}, nil},
		"refused":          {0x1003, placed{Cents: 101}, tooMuch},
		"a pointer":        {0x1003, &placed{Cents: 101}, tooMuch},
		"bytes":            {0x1003, raw(placed{Cents: 101}), tooMuch},
		"another Go type":  {0x1003, map[string]any{"cents": 101}, tooMuch},
		"an older kind":    {0x1002, placedV2{Euros: 2}, tooMuch},
		"a cheap old one":  {0x1002, placedV2{Euros: 1}, nil},
		"not of its type":  {0x1003, "text", wrong},
		"another type":     {0x1004, shipped{}, nil},
		"an unknown kind":  {0x1005, 101, nil},
		"bytes of no type": {0x1003, host.Raw{0xc0}, nil}, // nil decodes to the zero placed
	} {
		t.Run(name, func(t *testing.T) {
			_, err := st.As(gate.Actor{}).Append(t.Context(), event.At("e", "s"), c.kind, c.value)
			if c.err == error(wrong) {
				require.ErrorAs(t, err, &wrong)
				require.ErrorIs(t, err, gate.ErrDenied)
				return
			}
			require.ErrorIs(t, err, c.err)
		})
	}
	type unknown struct{}
	require.Panics(t, func() { typed.Gate(types, "x", func(*gate.Proposal, unknown) error { return nil }) })
	require.Panics(t, func() { typed.Gate(nil, "x", func(*gate.Proposal, placed) error { return nil }) })
}

func ExampleGate() {
	policy := gate.Set(typed.Gate(types, "cheap", func(p *gate.Proposal, o placed) error {
		if o.Cents > 100 {
			return fmt.Errorf("%d cents are too much for %s", o.Cents, p.Actor.ID)
		}
		return nil
	}))
	ctx := context.Background()
	st, err := host.Open(ctx, "store", host.Options{FS: crashfs.New(), Policy: policy})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	_, err = types.Append(ctx, st.As(gate.Actor{ID: "user:7"}), event.At("order:1", "shop"), placed{Cents: 250})
	var denial *gate.Denial
	if errors.As(err, &denial) {
		fmt.Println(denial.Gate, denial.Reason)
	}
	// Output: cheap 250 cents are too much for user:7
}

// TestGateWithoutJudge: a policy refuses it, as it does an untyped one.
func TestGateWithoutJudge(t *testing.T) {
	_, err := gate.NewPolicy(typed.Gate[placed](types, "none", nil))
	require.ErrorIs(t, err, gate.ErrNoJudge)
}
