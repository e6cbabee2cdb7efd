package host_test

import (
	"context"
	"fmt"
	"log"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// Open a store that batpak 0.4.0 wrote, ask for what happened to one entity,
// and look at what an event led to.
func Example() {
	ctx := context.Background()
	r, err := host.OpenReader(ctx, "../core/internal/fixture/testdata/options/store", host.ReaderOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()

	var first event.Event
	for e, err := range r.Query(ctx, host.Region{Entity: "opt", Scope: "o"}, host.Page{Limit: 10}) {
		if err != nil {
			log.Fatal(err)
		}
		if e.Sequence == 0 {
			first = e
		}
		full, err := r.Read(ctx, e)
		if err != nil {
			log.Fatal(err)
		}
		text, err := payload.AppendJSON(nil, full.Payload)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d %s clock %d kind %s %s\n", e.Sequence, e.Entity, e.Clock, e.Kind, text)
	}
	for e, err := range r.Effects(ctx, first.ID, 0) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("the first one led to", e.Sequence)
	}
	// Output:
	// 0 opt clock 0 kind 0x1001 {"n":1}
	// 1 opt clock 1 kind 0x1002 {"n":3}
	// the first one led to 1
}

// The report says which way a store was opened, and what was not taken.
func ExampleDirReader_Report() {
	ctx := context.Background()
	r, err := host.OpenReader(ctx, "../core/internal/fixture/testdata/tail/store", host.ReaderOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()

	report := r.Report()
	fmt.Println("opened from", report.OpenedFrom)
	fmt.Println(report.Events, "events,", report.TailEvents, "of them behind the index")
	fmt.Println(report.Hidden, "hidden,", len(report.Rejected), "files not taken,", len(report.Damages), "damages")
	// Output:
	// opened from index
	// 48 events, 18 of them behind the index
	// 0 hidden, 0 files not taken, 0 damages
}

// Refresh follows a writer; a snapshot stays where it is.
func ExampleDirReader_Refresh() {
	ctx := context.Background()
	r, err := host.OpenReader(ctx, "../core/internal/fixture/testdata/batch/store", host.ReaderOptions{})
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
