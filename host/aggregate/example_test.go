package aggregate_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/typed"
)

type OrderPlaced struct{ Customer string }

type PaymentReceived struct{ Cents int64 }

var Types = typed.Registry(
	typed.Event[OrderPlaced](0x1001, "order.placed"),
	typed.Event[PaymentReceived](0x1002, "order.paid"),
)

// Order is what the events of an order make of it.
type Order struct {
	Customer string
	Paid     bool
}

func (o *Order) Apply(e typed.Envelope) error {
	switch v := e.Value.(type) {
	case OrderPlaced:
		o.Customer = v.Customer
	case PaymentReceived:
		o.Paid = true
	}
	return nil
}

var ErrPaid = errors.New("the order is paid")

// Pay decides that an order is paid, once.
func Pay(o *Order) ([]any, error) {
	if o.Paid {
		return nil, ErrPaid
	}
	return []any{PaymentReceived{Cents: 1200}}, nil
}

// A command decides on the state of an order. With a key it may be repeated: the second
// call returns what the first one did.
func Example() {
	ctx := context.Background()
	st, err := host.Open(ctx, "shop", host.Options{FS: crashfs.New()})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	orders := aggregate.Of[Order](st, Types, "order:")

	place := func(*Order) ([]any, error) { return []any{OrderPlaced{Customer: "Ada"}}, nil }
	if _, err := orders.Do(ctx, "42", place, host.Expect(host.NoEvents)); err != nil {
		log.Fatal(err)
	}
	request := host.WithKey(host.KeyOf("payment 7"))
	for range 2 {
		receipts, err := orders.Do(ctx, "42", Pay, request)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("event", receipts[0].Clock, "repeated:", receipts[0].Repeated)
	}
	_, err = orders.Do(ctx, "42", Pay, host.WithKey(host.KeyOf("payment 8")))
	fmt.Println(err)

	order, err := orders.Load(ctx, "42")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(order.State.Customer, order.State.Paid)
	// Output:
	// event 1 repeated: false
	// event 1 repeated: true
	// the order is paid
	// Ada true
}

// With snapshots a load begins at a saved state.
func ExampleSnapshots() {
	ctx := context.Background()
	st, err := host.Open(ctx, "shop", host.Options{FS: crashfs.New()})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	orders := aggregate.Of[Order](st, Types, "order:", aggregate.Snapshots(aggregate.SnapshotOptions{
		Cache: &aggregate.MemorySnapshots{}, // or FileSnapshots
		Every: 100,
	}))
	defer orders.Close()

	for range 250 {
		place := func(*Order) ([]any, error) { return []any{OrderPlaced{Customer: "Ada"}}, nil }
		if _, err := orders.Do(ctx, "42", place); err != nil {
			log.Fatal(err)
		}
	}
	if err := orders.Snapshot(ctx, "42"); err != nil { // Do has some written in the background
		log.Fatal(err)
	}
	order, err := orders.Load(ctx, "42")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(order.Version, order.Folded)
	// Output: clock 249 0
}
