package orders_test

import (
	"fmt"

	"github.com/thawlog/thaw/host/bench/orders"
)

// The events of commands, applied one after the other, are the order.
func Example() {
	var o orders.Order
	for _, command := range []orders.Command{
		orders.Place("ada", orders.LineAdded{SKU: "apple", Quantity: 3, Cents: 50}), orders.Pay, orders.Pay,
	} {
		events, err := command(&o)
		if err != nil {
			fmt.Println(err)
		}
		for _, e := range events {
			if err := o.Apply(e); err != nil {
				fmt.Println(err)
			}
			fmt.Printf("%T\n", e)
		}
	}
	fmt.Println(o.Cents(), o.Paid)
	// Output:
	// orders.Placed
	// orders.LineAdded
	// orders.Paid
	// orders: already paid
	// 150 true
}
