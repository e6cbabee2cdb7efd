package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// write creates the store, appends events, and returns the id of the first one.
func write(ctx context.Context, out io.Writer, dir string) (placed event.ID, err error) {
	st, err := host.Open(ctx, dir, options())
	if err != nil {
		return placed, err
	}
	// A failed Close concerns written data, so its error is returned.
	defer func() { err = errors.Join(err, st.Close()) }()

	fmt.Fprintln(out, "# one event; nil means that it is on disk")
	// With a key it is safe to send the same order twice.
	place := func() (host.Receipt, error) {
		return st.Append(ctx, order, OrderPlaced, Order{"Ada", 1250},
			host.Expect(host.NoEvents), host.WithKey(host.KeyOf("checkout 9f3")))
	}
	first, err := place()
	if err != nil {
		return placed, err
	}
	fmt.Fprintf(out, "placed: sequence %d, clock %d\n", first.Sequence, first.Clock)
	again, err := place()
	if err != nil {
		return placed, err
	}
	fmt.Fprintf(out, "placed again: sequence %d, repeated %t\n", again.Sequence, again.Repeated)

	fmt.Fprintln(out, "\n# the order already has events: a conflict, and nothing is written")
	_, err = st.Append(ctx, order, OrderPlaced, Order{"Bob", 990}, host.Expect(host.NoEvents))
	if conflict := (*host.ExpectError)(nil); errors.As(err, &conflict) {
		fmt.Fprintln(out, err)
		fmt.Fprintln(out, "read the entity again, which has", conflict.Actual)
	} else {
		return placed, fmt.Errorf("expected a conflict, got: %w", err)
	}

	fmt.Fprintln(out, "\n# a batch: all of it or nothing")
	batch, err := st.AppendBatch(ctx, []host.Item{
		{At: payment, Kind: PaymentTaken, Payload: Note{"card"}, Options: []host.AppendOption{host.CausedBy(first.ID)}},
		{At: stock, Kind: StockReserved, Payload: Note{"2 tins"}, Options: []host.AppendOption{host.CausedBy(first.ID)}},
		{At: order, Kind: OrderConfirmed, Payload: Note{"paid"}, Options: []host.AppendOption{
			host.CausedByItem(0), host.Expect(host.AtClock(first.Clock))}},
	})
	if err != nil {
		return placed, err
	}
	for _, r := range batch {
		fmt.Fprintf(out, "sequence %d, clock %d\n", r.Sequence, r.Clock)
	}

	fmt.Fprintln(out, "\n# a fence collects events over time; Commit makes them visible")
	fence := st.Fence()
	if _, err := fence.Append(order, OrderShipped, Note{"by train"}, host.CausedBy(batch[2].ID)); err != nil {
		return placed, err
	}
	before := st.Committed()
	if _, err := fence.Commit(ctx); err != nil {
		return placed, err
	}
	fmt.Fprintf(out, "events before Commit: %d, after: %d\n", before, st.Committed())
	return first.ID, nil
}
