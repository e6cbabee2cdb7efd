package host_test

import (
	"context"
	"fmt"
	"log"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// Open a store, append an event, and read it back.
func Example() {
	ctx := context.Background()
	st, err := host.Open(ctx, "orders", host.Options{FS: crashfs.New()}) // without FS: on disk
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()

	type order struct{ Customer string }
	_, err = st.Append(ctx, event.At("order:42", "shop:eu"), OrderPlaced, order{"Ada"})
	if err != nil {
		log.Fatal(err)
	}
	for e, err := range st.Query(ctx, host.Region{EntityPrefix: "order:"}, host.Page{}) {
		if err != nil {
			log.Fatal(err)
		}
		full, err := st.Read(ctx, e)
		if err != nil {
			log.Fatal(err)
		}
		var o order
		if err := payload.Unmarshal(full.Payload, &o); err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Entity, e.Kind, o.Customer)
	}
	// Output:
	// order:42 0x1001 Ada
}

// The report says which way a store was opened, and what was not taken.
func ExampleDirReader_Report() {
	ctx := context.Background()
	r, err := host.OpenReader(ctx, batpakStore("tail"), host.ReaderOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()

	report := r.Report()
	fmt.Println("opened from", report.OpenedFrom)
	fmt.Println(report.Events, "events,", report.TailEvents, "of them after the index")
	fmt.Println(report.Hidden, "hidden,", len(report.Rejected), "files not taken,", len(report.Damages), "damages")
	// Output:
	// opened from index
	// 48 events, 18 of them after the index
	// 0 hidden, 0 files not taken, 0 damages
}

// Refresh follows a writer; a snapshot stays where it is.
func ExampleDirReader_Refresh() {
	ctx := context.Background()
	r, err := host.OpenReader(ctx, batpakStore("batch"), host.ReaderOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()

	s, err := r.Snapshot()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	changed, err := r.Refresh(ctx)
	if err != nil {
		log.Fatal(err)
	}
	n, err := s.Count(ctx, host.Region{Kinds: event.Only(event.Data)}, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("changed:", changed, "events:", n)
	// Output:
	// changed: false events: 1
}
