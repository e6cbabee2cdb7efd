package all_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/thawlog/thaw/host/bench/orders"
	"github.com/thawlog/thaw/host/bench/orders/all"
)

func Example() {
	dir, err := os.MkdirTemp("", "orders")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	peer, _ := all.Named("thaw")
	s, err := peer.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	for range 2 { // the second is a repetition
		r, err := s.Do(context.Background(), "42", "request 7", orders.Place("ada"))
		fmt.Println(r.Version, r.Repeated, err)
	}
	// Output:
	// 1 false <nil>
	// 1 true <nil>
}
