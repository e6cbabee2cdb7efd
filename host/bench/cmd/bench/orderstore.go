package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/bench/orders"
	"github.com/thawlog/thaw/host/bench/orders/thaw"
)

// The store of the measurements of projections: orders of 10 events each, placed, with 7
// lines, paid and shipped, of which 100 are in progress at a time.
const (
	projectedEvents    = 10 // of an order
	projectedAtOnce    = 100
	projectedCustomers = 1000
	projectedSKUs      = 200
)

// projected returns the events of the store: entity and value.
func projected(n int) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for i := range n {
			window := i / (projectedAtOnce * projectedEvents) * projectedAtOnce
			order := window + i%projectedAtOnce
			number := i / projectedAtOnce % projectedEvents
			customer := fmt.Sprintf("customer-%d", order%projectedCustomers)
			var value any
			switch number {
			case 0:
				value = orders.Placed{Customer: customer}
			case projectedEvents - 2:
				value = orders.Paid{Customer: customer, Cents: int64(order)}
			case projectedEvents - 1:
				value = orders.Shipped{Carrier: "post"}
			default:
				value = orders.LineAdded{SKU: fmt.Sprintf("article-%d", (order+number)%projectedSKUs), Quantity: number, Cents: lineCents}
			}
			if !yield(fmt.Sprintf("order:%d", order), value) {
				return
			}
		}
	}
}

// fillOrders writes the store.
func fillOrders(j *job) (o outcome, err error) {
	ctx := context.Background()
	st, err := host.Open(ctx, j.Dir, host.Options{Durability: host.LoseUnsynced, Logger: quiet})
	if err != nil {
		return o, err
	}
	items := make([]host.Item, 0, batchSize)
	flush := func() error {
		_, err := st.AppendBatch(ctx, items)
		items = items[:0]
		return err
	}
	for entity, value := range projected(j.Orders.Events) {
		item, err := thaw.Types.Item(event.At(entity, "orders"), value)
		if err != nil {
			return o, err
		}
		if items = append(items, item); len(items) == batchSize {
			if err := flush(); err != nil {
				return o, err
			}
		}
	}
	if len(items) > 0 {
		err = flush()
	}
	return o, errors.Join(err, st.Close())
}
