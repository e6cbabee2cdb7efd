// Sample writes the store that the page of wasm/browser opens when it is asked for an example:
// about 400 events of a small shop over three weeks. It is a real store, made by the code that a
// writer uses, except that ids and times are fixed: every run writes the same bytes.
//
//	go run ./wasm/browser/sample -o DIR
//
// What there is to see:
//
//	orders      order.placed causes payment.taken, that parcel.sent for each parcel, that
//	            parcel.delivered; some are changed, sent back, refunded and cancelled
//	one large   order:2026-1017, a conversation of 60 events
//	to fold     account:shop:eu and account:shop:us, to which payments are booked
//	batches     the parcels of an order are sent in one append
//	metadata    who acted, in which request
//	segments    five, of which index.fbati covers four; the last is the tail
//	damage      one: a flipped bit in the payload of one event, which verification finds and
//	            names. The index still lists the event
//
// The program uses the core alone: package host would be too much for the page's build, and
// takes its ids and times from the system.
package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	out := flag.String("o", "", "directory to write the store to; it must be empty or missing")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "sample:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	if dir == "" || flag.NArg() > 0 {
		return errors.New("usage: sample -o DIR")
	}
	files, err := makeStore()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(there) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(dir, name), files[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}
