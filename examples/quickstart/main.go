// Command quickstart writes the events of one order to a new store and queries it. It fixes
// the clock and the random numbers so that its output is always the same; your program
// leaves Options.Now and Options.Random unset.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// The kinds of this program: a category in the top 4 bits, 1 to 12, 14 or 15, and a number
// within it.
const (
	OrderPlaced    event.Kind = 0x1001
	OrderConfirmed event.Kind = 0x1002
	OrderShipped   event.Kind = 0x1003
	PaymentTaken   event.Kind = 0x2001
	StockReserved  event.Kind = 0x3001
)

// names has the kinds' names for output; the store keeps only numbers.
var names = map[event.Kind]string{
	OrderPlaced: "order placed", OrderConfirmed: "order confirmed", OrderShipped: "order shipped",
	PaymentTaken: "payment taken", StockReserved: "stock reserved",
}

// Order is the payload of OrderPlaced. Payloads are stored as MessagePack.
type Order struct {
	Customer string `msgpack:"customer"`
	Cents    int    `msgpack:"cents"`
}

// Note is the payload of the other kinds.
type Note struct {
	Text string `msgpack:"text"`
}

// The places of events: an entity has its own stream, a scope separates shops.
var (
	order   = event.At("order:42", "shop:eu")
	payment = event.At("payment:7", "shop:eu")
	stock   = event.At("stock:tea", "shop:eu")
)

func main() {
	dir, err := os.MkdirTemp("", "thaw-quickstart-")
	if err == nil {
		err = errors.Join(run(context.Background(), os.Stdout, filepath.Join(dir, "orders")), os.RemoveAll(dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, dir string) error {
	placed, err := write(ctx, out, dir)
	if err != nil {
		return err
	}
	return read(ctx, out, dir, placed)
}

// options fixes the clock and the random numbers.
func options() host.Options {
	return host.Options{
		Now:    func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
		Random: func() uint64 { return 42 },
	}
}
