package workload

import (
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// Order is the payload of events of streams data: what an application might decode.
type Order struct {
	Reference string `msgpack:"reference"`
	Customer  string `msgpack:"customer"`
	Amount    int64  `msgpack:"amount"`
	Currency  string `msgpack:"currency"`
	Paid      bool   `msgpack:"paid"`
	Lines     []Line `msgpack:"lines"`
}

// Line is a line of an Order.
type Line struct {
	Article  string `msgpack:"article"`
	Quantity int    `msgpack:"quantity"`
}

// OrderOf returns the order in the payload of event i.
func OrderOf(i uint64) Order {
	x := mix(i)
	o := Order{
		Reference: fmt.Sprintf("order %016x", x),
		Customer:  fmt.Sprintf("customer:%06d", x%1_000_000),
		Amount:    int64(x % 1_000_000),
		Currency:  "EUR",
		Paid:      x&1 == 1,
	}
	for range 1 + x>>8%2 {
		x = mix(x)
		o.Lines = append(o.Lines, Line{Article: "article " + words[x%uint64(len(words))], Quantity: int(x >> 32 % 12)})
	}
	return o
}

// order returns OrderOf in MessagePack.
func order(i uint64) []byte {
	b, err := msgpack.Marshal(OrderOf(i))
	if err != nil {
		panic(err) // nothing in an Order can fail
	}
	return b
}
