package project_test

import (
	"context"
	"fmt"
	"log"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
	"github.com/thawlog/thaw/host/typed"
)

type OrderPlaced struct{ Customer string }

type OrderPaid struct{ Cents int }

var Types = typed.Registry(
	typed.Event[OrderPlaced](0x1001, "order.placed"),
	typed.Event[OrderPaid](0x1002, "order.paid"),
)

// Totals is a read model.
type Totals struct{ Orders, Cents int }

func (t *Totals) Apply(e typed.Envelope) error {
	switch v := e.Value.(type) {
	case OrderPlaced:
		t.Orders++
	case OrderPaid:
		t.Cents += v.Cents
	}
	return nil
}

// A read model in memory follows the store. Wait makes a read see the caller's own write.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	st, err := host.Open(ctx, "orders", host.Options{FS: crashfs.New()})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()

	totals := project.Memory("totals", host.Region{EntityPrefix: "order:"}, &Totals{})
	ended := make(chan error)
	go func() { ended <- project.Run(ctx, st, Types, totals) }()

	order := event.At("order:42", "shop:eu")
	if _, err := Types.Append(ctx, st, order, OrderPlaced{Customer: "Ada"}); err != nil {
		log.Fatal(err)
	}
	receipt, err := Types.Append(ctx, st, order, OrderPaid{Cents: 500})
	if err != nil {
		log.Fatal(err)
	}
	if err := totals.Wait(ctx, receipt.Sequence); err != nil {
		log.Fatal(err)
	}
	err = totals.Read(func(t *Totals, at host.Position) {
		fmt.Printf("%d order, %d cents, up to %d\n", t.Orders, t.Cents, at.Sequence)
	})
	if err != nil {
		log.Fatal(err)
	}
	cancel()
	fmt.Println(<-ended)
	// Output:
	// 1 order, 500 cents, up to 2
	// context canceled
}

// A stepper shows what each event does.
func ExampleStepper() {
	ctx := context.Background()
	st, err := host.Open(ctx, "orders", host.Options{FS: crashfs.New()})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	for _, value := range []any{OrderPlaced{Customer: "Ada"}, OrderPaid{Cents: 500}} {
		if _, err := Types.Append(ctx, st, event.At("order:42", "shop:eu"), value); err != nil {
			log.Fatal(err)
		}
	}
	s := project.NewStepper(st, Types, host.Region{}, &Totals{})
	for step, err := s.Next(ctx); err == nil; step, err = s.Next(ctx) {
		fmt.Println(step)
	}
	// Output:
	// 0 order:42 order.placed
	//   /Orders: 0 -> 1
	// 1 order:42 order.paid
	//   /Cents: 0 -> 500
}
