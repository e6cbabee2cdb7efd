package host_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// Kinds of the examples: 0x1000 to 0xCFFF and 0xE000 to 0xFFFF are an application's own.
const (
	OrderPlaced  event.Kind = 0x1001
	OrderPaid    event.Kind = 0x1002
	StockTaken   event.Kind = 0x2001
	OrderShipped event.Kind = 0x1003
)

// newStore opens an empty store in memory. A program calls host.Open(ctx, "orders",
// host.Options{}), which makes the directory.
func newStore() *host.Store {
	st, err := host.Open(context.Background(), "orders", host.Options{FS: crashfs.New()})
	if err != nil {
		log.Fatal(err)
	}
	return st
}

// An append that returned nil is on disk.
func ExampleStore_Append() {
	ctx := context.Background()
	st := newStore()
	defer st.Close()

	r, err := st.Append(ctx, event.At("order:42", "shop:eu"), OrderPlaced, map[string]any{"customer": "Ada"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sequence", r.Sequence, "clock", r.Clock)

	r, err = st.Append(ctx, event.At("order:42", "shop:eu"), OrderPaid, 1250, host.CausedBy(r.ID))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sequence", r.Sequence, "clock", r.Clock)
	// Output:
	// sequence 0 clock 0
	// sequence 1 clock 1
}

// The events of a batch are appended together or not at all. CausedByItem names an
// earlier event of the same batch, which has no id yet.
func ExampleStore_AppendBatch() {
	ctx := context.Background()
	st := newStore()
	defer st.Close()

	receipts, err := st.AppendBatch(ctx, []host.Item{
		{At: event.At("order:42", "shop:eu"), Kind: OrderPlaced, Payload: "2 tins"},
		{At: event.At("stock:tins", "shop:eu"), Kind: StockTaken, Payload: 2,
			Options: []host.AppendOption{host.CausedByItem(0)}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range receipts {
		fmt.Println("sequence", r.Sequence)
	}
	// Output:
	// sequence 0
	// sequence 1
}

// A fence is a unit of work: it gathers events, and readers see none of them before
// Commit. Cancel drops them.
func ExampleStore_Fence() {
	ctx := context.Background()
	st := newStore()
	defer st.Close()

	f := st.Fence()
	id, err := f.Append(event.At("order:42", "shop:eu"), OrderPlaced, "2 tins")
	if err != nil {
		log.Fatal(err)
	}
	_, err = f.Append(event.At("stock:tins", "shop:eu"), StockTaken, 2, host.CausedBy(id))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("before:", st.Committed())
	if _, err := f.Commit(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("after:", st.Committed())
	// Output:
	// before: 0
	// after: 2
}

// Expect makes an append depend on the entity's last event, so that two writers who
// decide at the same time cannot both succeed.
func ExampleExpect() {
	ctx := context.Background()
	st := newStore()
	defer st.Close()

	order := event.At("order:42", "shop:eu")
	placed, err := st.Append(ctx, order, OrderPlaced, "2 tins", host.Expect(host.NoEvents))
	if err != nil {
		log.Fatal(err)
	}
	_, err = st.Append(ctx, order, OrderPlaced, "3 tins", host.Expect(host.NoEvents))
	var conflict *host.ExpectError
	if errors.As(err, &conflict) {
		fmt.Println(conflict.Entity, "is at", conflict.Actual)
	}
	_, err = st.Append(ctx, order, OrderPaid, 1250, host.Expect(host.AtClock(placed.Clock)))
	fmt.Println("paid:", err)
	// Output:
	// order:42 is at clock 0
	// paid: <nil>
}

// AppendEach appends many events that do not depend on each other, as fast as a batch. It
// stops at the first that fails, and says how many were appended.
func ExampleStore_AppendEach() {
	ctx := context.Background()
	st := newStore()
	defer st.Close()

	order := event.At("order:42", "shop:eu")
	receipts, err := st.AppendEach(ctx, []host.Item{
		{At: order, Kind: OrderPlaced, Payload: "2 tins"},
		{At: order, Kind: OrderPlaced, Payload: "2 tins", Options: []host.AppendOption{host.Expect(host.NoEvents)}},
		{At: order, Kind: OrderPaid, Payload: 1250},
	})
	var each *host.EachError
	if errors.As(err, &each) {
		fmt.Println(len(receipts), "appended;", each.Err)
	}
	// Output:
	// 1 appended; thaw: entity "order:42": expected no events, is at clock 0
}

// Sync puts earlier appends on disk, in a store that does not sync each of them.
func ExampleStore_Sync() {
	ctx := context.Background()
	st, err := host.Open(ctx, "measurements", host.Options{FS: crashfs.New(), Durability: host.LoseUnsynced})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()

	for i := range 1000 {
		if _, err := st.Append(ctx, event.At("sensor:7", "plant"), event.Data, i); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(st.Sync(ctx))
	// Output:
	// <nil>
}

// WithKey makes an append safe to repeat, also after a restart: the second one writes
// nothing and returns the receipt of the first.
func ExampleWithKey() {
	ctx := context.Background()
	st := newStore()
	defer st.Close()

	order, key := event.At("order:42", "shop:eu"), host.WithKey(host.KeyOf("checkout 9f3"))
	for range 2 {
		r, err := st.Append(ctx, order, OrderPlaced, "2 tins", key)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("sequence", r.Sequence, "repeated", r.Repeated)
	}
	_, err := st.Append(ctx, order, OrderPlaced, "3 tins", key)
	var other *host.KeyError
	if errors.As(err, &other) {
		fmt.Println("the event of this key has another", other.Differs)
	}
	// Output:
	// sequence 0 repeated false
	// sequence 0 repeated true
	// the event of this key has another [payload]
}

// WaitCommitted waits for the event with a sequence. With Query it follows the log.
func ExampleStore_WaitCommitted() {
	ctx := context.Background()
	st := newStore()
	defer st.Close()

	go func() {
		for i := range 3 {
			_, _ = st.Append(ctx, event.At("order:42", "shop:eu"), OrderPlaced, i)
		}
	}()
	for next := uint64(0); next < 3; {
		if _, err := st.WaitCommitted(ctx, next); err != nil {
			log.Fatal(err)
		}
		for e, err := range st.Query(ctx, host.Region{}, host.Page{From: next}) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println("sequence", e.Sequence)
			next = e.Sequence + 1
		}
	}
	// Output:
	// sequence 0
	// sequence 1
	// sequence 2
}
