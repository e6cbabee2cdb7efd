package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// write makes the store, appends, and returns the id of the first event.
func write(ctx context.Context, out io.Writer, dir string) (placed event.ID, err error) {
	st, err := host.Open(ctx, dir, options())
	if err != nil {
		return placed, err
	}
	// A Close that fails is news about what was written, so it is not dropped.
	defer func() { err = errors.Join(err, st.Close()) }()

	fmt.Fprintln(out, "# one event; nil means that it is on disk")
	// The key makes it harmless to send the same order twice.
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

	fmt.Fprintln(out, "\n# somebody else was faster: a conflict, and nothing is written")
	_, err = st.Append(ctx, order, OrderPlaced, Order{"Bob", 990}, host.Expect(host.NoEvents))
	if conflict := (*host.ExpectError)(nil); errors.As(err, &conflict) {
		fmt.Fprintln(out, err)
		fmt.Fprintln(out, "so look at the entity again, which has", conflict.Actual)
	} else {
		return placed, fmt.Errorf("there should have been a conflict: %w", err)
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

	fmt.Fprintln(out, "\n# a fence gathers events over time; nobody sees them before Commit")
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
