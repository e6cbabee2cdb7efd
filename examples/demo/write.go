package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

const (
	events    = 100_000
	batchSize = 1_000
	perOrder  = 4
)

// The events of an order, in this sequence.
const (
	orderPlaced  event.Kind = 0x1001
	orderPaid    event.Kind = 0x2001
	orderPacked  event.Kind = 0x1002
	orderShipped event.Kind = 0x1003
)

// fact is the payload of every event.
type fact struct {
	Order int    `msgpack:"order"`
	What  string `msgpack:"what"`
}

// exampleOrder is the order in the questions.
const exampleOrder = 12_345

// write writes a store of 100,000 events and returns the id of the first event of
// exampleOrder.
func (d *steps) write(ctx context.Context, dir string) (example event.ID, err error) {
	st, err := host.Open(ctx, dir, host.Options{})
	if err != nil {
		return example, err
	}
	start := time.Now()
	items := make([]host.Item, 0, batchSize)
	for order := range events / perOrder {
		items = appendOrder(items, order)
		if len(items) < batchSize {
			continue
		}
		receipts, err := st.AppendBatch(ctx, items)
		if err != nil {
			return example, errors.Join(err, st.Close())
		}
		if first := order + 1 - batchSize/perOrder; exampleOrder >= first && exampleOrder <= order {
			example = receipts[(exampleOrder-first)*perOrder].ID
		}
		items = items[:0]
	}
	d.print("write 100 batches of 1,000 events", count(st.Committed())+", each batch on disk", time.Since(start))

	start = time.Now()
	if err := st.Close(); err != nil {
		return example, err
	}
	if err := st.CloseReport().IndexError; err != nil {
		return example, err
	}
	took := time.Since(start)
	size, err := sizeOf(dir)
	if err != nil {
		return example, err
	}
	d.print("close it, which writes the index", fmt.Sprintf("%d MB on disk", size/1e6), took)
	return example, nil
}

func sizeOf(dir string) (size int64, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}

// appendOrder appends the events of one order; each is caused by the previous one.
func appendOrder(items []host.Item, n int) []host.Item {
	order := event.At(fmt.Sprintf("order:%05d", n), "shop:eu")
	payment := event.At(fmt.Sprintf("payment:%05d", n), "shop:eu")
	placed := len(items)
	then := func(i int) []host.AppendOption {
		return []host.AppendOption{host.CausedByItem(placed + i)}
	}
	return append(items,
		host.Item{At: order, Kind: orderPlaced, Payload: fact{n, "placed"}, Options: []host.AppendOption{host.Expect(host.NoEvents)}},
		host.Item{At: payment, Kind: orderPaid, Payload: fact{n, "paid"}, Options: then(0)},
		host.Item{At: order, Kind: orderPacked, Payload: fact{n, "packed"}, Options: then(1)},
		host.Item{At: order, Kind: orderShipped, Payload: fact{n, "shipped"}, Options: then(2)},
	)
}
