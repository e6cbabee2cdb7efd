package typed_test

import (
	"context"
	"fmt"
	"log"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

type OrderPlaced struct{ Customer string }

type OrderShipped struct{ By, From string }

// OrderShipped without a place to ship from.
type shippedV1 struct{ By string }

var Types = typed.Registry(
	typed.Event[OrderPlaced](0x1001, "order.placed"),
	typed.Event[OrderShipped](0x1004, "order.shipped",
		typed.Was(0x1003, func(old shippedV1) OrderShipped { return OrderShipped{By: old.By, From: "Leiden"} })),
)

// A registry gives events their kinds when they are appended, and their values when they
// are read; older events are read as what they mean today.
func Example() {
	ctx := context.Background()
	st, err := host.Open(ctx, "orders", host.Options{FS: crashfs.New()})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()

	order := event.At("order:42", "shop:eu")
	if _, err := Types.Append(ctx, st, order, OrderPlaced{Customer: "Ada"}); err != nil {
		log.Fatal(err)
	}
	// As an older version of the program wrote it:
	if _, err := st.Append(ctx, order, 0x1003, shippedV1{By: "train"}); err != nil {
		log.Fatal(err)
	}
	for e, err := range Types.Each(st.ReadEach(ctx, st.Stream(ctx, "order:42", host.StreamPage{}))) {
		if err != nil {
			log.Fatal(err)
		}
		switch v := e.Value.(type) {
		case OrderPlaced:
			fmt.Println(e.Name, "by", v.Customer)
		case OrderShipped:
			fmt.Println(e.Name, "by", v.By, "from", v.From)
		}
	}
	// Output:
	// order.placed by Ada
	// order.shipped by train from Leiden
}
