package store_test

import (
	"fmt"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// A store needs no file system: here its files are in memory, and one bit of
// the index is wrong.
func ExampleOpen() {
	files := fixture.Store("batch")
	s, err := store.Open(directory.Memory(files), store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Report().Events, "events from", s.Report().OpenedFrom)

	damaged := fixture.Store("rotated")
	damaged["index.fbati"][100] ^= 1
	s, err = store.Open(directory.Memory(damaged), store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Report().Events, "events from", s.Report().OpenedFrom)
	fmt.Println(s.Report().Rejected[0])
	// Output:
	// 25 events from segments
	// 48 events from checkpoint
	// thaw: index.fbati refused at byte 8: checksum
}

// Conditions of a region combine, and a page goes on where the last one ended.
func ExampleSnapshot_Query() {
	s, err := store.Open(directory.Memory(fixture.Store("batch")), store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	region := query.Region{EntityPrefix: "order:", Clocks: query.ClocksBetween(0, 1)}
	page := query.Page{Limit: 2}
	for e, err := range s.Query(region, page) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(e.Sequence, e.Entity, e.Clock)
		page.From = e.Sequence + 1
	}
	for e, err := range s.Query(region, page) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("next page:", e.Sequence, e.Entity, e.Clock)
	}
	// Output:
	// 10 order:0 0
	// 11 order:1 0
	// next page: 12 order:2 0
	// next page: 13 order:0 1
}
