package host_test

import (
	"context"
	"fmt"
	"log"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// newOrders opens a store that holds the life of two orders.
func newOrders() *host.Store {
	ctx, st := context.Background(), newStore()
	for _, entity := range []string{"order:42", "order:43"} {
		at := event.At(entity, "shop:eu")
		placed, err := st.Append(ctx, at, OrderPlaced, "2 tins")
		if err != nil {
			log.Fatal(err)
		}
		paid, err := st.Append(ctx, at, OrderPaid, 1250, host.CausedBy(placed.ID))
		if err != nil {
			log.Fatal(err)
		}
		_, err = st.Append(ctx, at, OrderShipped, "by train", host.CausedBy(paid.ID))
		if err != nil {
			log.Fatal(err)
		}
	}
	return st
}

// A region is a set of conditions; a page says where to begin and how far to go.
func ExampleStore_Query() {
	ctx := context.Background()
	st := newOrders()
	defer st.Close()

	paid := host.Region{EntityPrefix: "order:", Kinds: event.Only(OrderPaid)}
	for e, err := range st.Query(ctx, paid, host.Page{Limit: 10}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Sequence, e.Entity)
	}
	// Output:
	// 1 order:42
	// 4 order:43
}

// A stream is the events of one entity, by clock.
func ExampleStore_Stream() {
	ctx := context.Background()
	st := newOrders()
	defer st.Close()

	for e, err := range st.Stream(ctx, "order:43", host.StreamPage{From: 1}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("clock", e.Clock, "kind", e.Kind)
	}
	// Output:
	// clock 1 kind 0x1002
	// clock 2 kind 0x1003
}

// Get returns an event with its payload, which package payload decodes.
func ExampleStore_Get() {
	ctx := context.Background()
	st := newStore()
	defer st.Close()

	type order struct{ Customer string }
	r, err := st.Append(ctx, event.At("order:42", "shop:eu"), OrderPlaced, order{"Ada"})
	if err != nil {
		log.Fatal(err)
	}
	full, err := st.Get(ctx, r.ID)
	if err != nil {
		log.Fatal(err)
	}
	var o order
	if err := payload.Unmarshal(full.Payload, &o); err != nil {
		log.Fatal(err)
	}
	fmt.Println(full.Entity, "of", o.Customer)
	// Output:
	// order:42 of Ada
}

// Effects follows causes forward; Ancestors follows them back.
func ExampleStore_Effects() {
	ctx := context.Background()
	st := newOrders()
	defer st.Close()

	var first event.Event
	for e, err := range st.Stream(ctx, "order:42", host.StreamPage{Limit: 1}) {
		if err != nil {
			log.Fatal(err)
		}
		first = e
	}
	for e, err := range st.Effects(ctx, first.ID, 0) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Sequence, e.Entity, e.Kind)
	}
	// Output:
	// 1 order:42 0x1002
	// 2 order:42 0x1003
}

// Ancestors walks from an event back to what caused it.
func ExampleStore_Ancestors() {
	ctx := context.Background()
	st := newOrders()
	defer st.Close()

	for shipped, err := range st.Query(ctx, host.Region{Kinds: event.Only(OrderShipped)}, host.Page{Limit: 1}) {
		if err != nil {
			log.Fatal(err)
		}
		for e, err := range st.Ancestors(ctx, shipped.ID, 0) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(e.Sequence, e.Kind)
		}
	}
	// Output:
	// 1 0x1002
	// 0 0x1001
}

// Correlated returns one conversation: here what a request led to, in two entities.
func ExampleStore_Correlated() {
	ctx := context.Background()
	st := newStore()
	defer st.Close()

	request := host.KeyOf("request 9f3")
	for _, entity := range []string{"order:42", "stock:tins"} {
		if _, err := st.Append(ctx, event.At(entity, "shop:eu"), OrderPlaced, 2, host.Correlated(request)); err != nil {
			log.Fatal(err)
		}
	}
	for e, err := range st.Correlated(ctx, request) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Entity)
	}
	// Output:
	// order:42
	// stock:tins
}

// Count counts without reading the events.
func ExampleStore_Count() {
	ctx := context.Background()
	st := newOrders()
	defer st.Close()

	n, err := st.Count(ctx, host.Region{Kinds: event.Only(OrderPaid)}, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, "paid")
	// Output:
	// 2 paid
}

// State says what to expect of an entity, so that an append is refused if something
// happened to it meanwhile.
func ExampleStore_State() {
	ctx := context.Background()
	st := newOrders()
	defer st.Close()

	state, err := st.State(ctx, "order:42")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(state)
	at := event.At("order:42", "shop:eu")
	for range 2 {
		_, err := st.Append(ctx, at, OrderShipped, "again", host.Expect(state.Expected()))
		fmt.Println(err)
	}
	// Output:
	// clock 2
	// <nil>
	// thaw: entity "order:42": expected clock 2, is at clock 3
}

// A snapshot answers several queries of one moment, even after later appends.
func ExampleStore_Snapshot() {
	ctx := context.Background()
	st := newOrders()
	defer st.Close()

	s, err := st.Snapshot()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	_, err = st.Append(ctx, event.At("order:44", "shop:eu"), OrderPlaced, "1 tin")
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range []host.Reader{s, st} {
		n, err := r.Count(ctx, host.Region{Kinds: event.Only(OrderPlaced)}, 0)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("placed:", n)
	}
	// Output:
	// placed: 2
	// placed: 3
}

// A function that takes a Reader works with a store, a reader of a directory, a snapshot, and a
// reader of package wasm/plugin.
func ExampleReader() {
	ctx := context.Background()
	count := func(r host.Reader) uint64 {
		n, err := r.Count(ctx, host.Region{}, 0)
		if err != nil {
			log.Fatal(err)
		}
		return n
	}
	st := newOrders()
	defer st.Close()
	r, err := host.OpenReader(ctx, batpakStore("tail"), host.ReaderOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	fmt.Println(count(st), count(r))
	// Output:
	// 6 48
}

// A reader takes no lock and never writes, so it may open a store that another process
// writes. This one was written by batpak 0.4.0.
func ExampleOpenReader() {
	ctx := context.Background()
	r, err := host.OpenReader(ctx, batpakStore("options"), host.ReaderOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()

	for e, err := range r.Query(ctx, host.Region{Scope: "o"}, host.Page{}) {
		if err != nil {
			log.Fatal(err)
		}
		full, err := r.Read(ctx, e)
		if err != nil {
			log.Fatal(err)
		}
		text, err := payload.AppendJSON(nil, full.Payload)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s clock %d: %s\n", e.Entity, e.Clock, text)
	}
	// Output:
	// opt clock 0: {"n":1}
	// opt clock 1: {"n":3}
}

// Verify reads every byte, even while a writer appends.
func ExampleVerify() {
	ctx := context.Background()
	found, err := host.Verify(ctx, batpakStore("tail"), host.ReaderOptions{}, nil)
	if err != nil {
		log.Fatal(err) // the check could not be made
	}
	fmt.Println("sound:", found.Sound(), "events:", found.Events, "segments:", found.Segments)
	// Output:
	// sound: true events: 48 segments: 4
}

// batpakStore is the directory of a store that batpak 0.4.0 wrote.
func batpakStore(name string) string { return "../core/internal/fixture/testdata/" + name + "/store" }
