package react_test

import (
	"context"
	"fmt"
	"log"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/react"
	"github.com/thawlog/thaw/host/typed"
)

type OrderPaid struct{ Address string }

type ShipmentOrdered struct{ To string }

var Types = typed.Registry(
	typed.Event[OrderPaid](0x1001, "order.paid"),
	typed.Event[ShipmentOrdered](0x1002, "shipment.ordered"),
)

// A reactor orders a shipment for each order that was paid. It runs twice, and there is one
// shipment.
func ExampleRun() {
	ctx := context.Background()
	st, err := host.Open(ctx, "orders", host.Options{FS: crashfs.New()})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	if _, err := Types.Append(ctx, st, event.At("order:42", "shop"), OrderPaid{Address: "Leiden"}); err != nil {
		log.Fatal(err)
	}

	shipping := func(_ context.Context, e typed.Envelope) ([]react.Reaction, error) {
		order, ok := e.Value.(OrderPaid)
		if !ok {
			return nil, nil
		}
		return []react.Reaction{{At: event.At("shipment:of:"+e.Entity, "shop"), Value: ShipmentOrdered{To: order.Address}}}, nil
	}
	orders := host.Region{EntityPrefix: "order:"}
	for range 2 {
		// A service leaves out StopAtEnd and gives a Checkpoint.
		if err := react.Run(ctx, st, Types, "shipping", orders, shipping, react.Options{StopAtEnd: true}); err != nil {
			log.Fatal(err)
		}
	}
	for e, err := range Types.Each(st.ReadEach(ctx, st.Query(ctx, host.Region{}, host.Page{}))) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d %s %s {%v}\n", e.Sequence, e.Entity, e.Name, e.Meta)
	}
	// Output:
	// 0 order:42 order.paid {}
	// 1 shipment:of:order:42 shipment.ordered {reactor="shipping" reactor-depth="1"}
}

// An outbox sends a message for each shipment, and keeps its position in a file.
func ExampleDeliver() {
	ctx := context.Background()
	files := crashfs.New()
	st, err := host.Open(ctx, "orders", host.Options{FS: files})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	send := func(_ context.Context, e typed.Envelope) error {
		fmt.Println("send to", e.Value.(ShipmentOrdered).To)
		return nil
	}
	kinds := Types.MustKinds("shipment.ordered")
	for _, to := range []string{"Leiden", "Delft"} {
		if _, err := Types.Append(ctx, st, event.At("shipment:"+to, "shop"), ShipmentOrdered{To: to}); err != nil {
			log.Fatal(err)
		}
		err := react.Deliver(ctx, st, Types, "mail", host.Region{Kinds: kinds}, send, react.DeliverOptions{
			Checkpoint: host.CheckpointFile{FS: files, Path: "mail.checkpoint"},
			StopAtEnd:  true,
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// send to Leiden
	// send to Delft
}
