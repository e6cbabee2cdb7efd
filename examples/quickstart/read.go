package main

import (
	"context"
	"fmt"
	"io"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// read opens the store again, without a lock, and queries it.
func read(ctx context.Context, out io.Writer, dir string, placed event.ID) error {
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{})
	if err != nil {
		return err
	}
	defer r.Close()
	report := r.Report()
	fmt.Fprintf(out, "\n# closed, and opened again to read\n%d events from %s, %d of them after it, %d files rejected, %d damages\n",
		report.Events, report.OpenedFrom, report.TailEvents, len(report.Rejected), len(report.Damages))

	fmt.Fprintln(out, "\n# placed orders, with their payload")
	placedOrders := host.Region{EntityPrefix: "order:", Kinds: event.Only(OrderPlaced)}
	for e, err := range r.ReadEach(ctx, r.Query(ctx, placedOrders, host.Page{Limit: 10})) {
		if err != nil {
			return err
		}
		var o Order
		if err := payload.Unmarshal(e.Payload, &o); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s pays %d cents\n", e.Entity, o.Customer, o.Cents)
	}

	fmt.Fprintln(out, "\n# what the first event caused, and what that caused")
	var last event.Event
	for e, err := range r.Effects(ctx, placed, 0) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "sequence %d: %s, %s\n", e.Sequence, e.Entity, names[e.Kind])
		last = e
	}
	fmt.Fprintln(out, "\n# what led to the last of them")
	for e, err := range r.Ancestors(ctx, last.ID, 0) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "sequence %d: %s, %s\n", e.Sequence, e.Entity, names[e.Kind])
	}
	return nil
}
