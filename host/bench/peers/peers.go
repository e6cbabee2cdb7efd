// Package peers is what the Go peers' helper commands share: the questions, and the order in which they are timed.
package peers

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/thawlog/thaw/host/bench/result"
	"github.com/thawlog/thaw/host/bench/source"
)

// Reader is a peer's store, opened.
type Reader interface {
	// Get returns the event with this id, spelled as in the record, with its payload decoded.
	Get(id [16]byte) (record source.Record, payload map[string]any, err error)
	// Entity returns the records of one entity's events in sequence order.
	Entity(name string) ([]source.Record, error)
	// Len is the number of events; it is not timed.
	Len() (uint64, error)
	Close() error
}

// Main is the helper command: open, get, query, one JSON line.
func Main(name string, open func(path string, writable bool) (Reader, error)) {
	var (
		get    = flag.String("get", "", "event id to get, 32 hex digits")
		entity = flag.String("entity", "", "entity to query")
		rw     = flag.Bool("rw", false, "open for writing")
	)
	flag.Parse()
	if flag.NArg() != 1 || *get == "" || *entity == "" {
		fmt.Fprintf(os.Stderr, "usage: %s -get HEX -entity NAME [-rw] FILE\n", name)
		os.Exit(1)
	}
	line, err := ask(flag.Arg(0), *get, *entity, *rw, open)
	if err == nil {
		err = result.Print(line)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func ask(path, get, entity string, writable bool, open func(string, bool) (Reader, error)) (line result.Result, err error) {
	id, err := hex.DecodeString(get)
	if err != nil || len(id) != 16 {
		return line, fmt.Errorf("bad event id %q", get)
	}
	slices.Reverse(id) // records hold ids little-endian

	started := time.Now()
	db, err := open(path, writable)
	line.OpenNS = time.Since(started).Nanoseconds()
	if err != nil {
		return line, err
	}
	defer db.Close()

	started = time.Now()
	_, payload, err := db.Get([16]byte(id))
	line.FirstGetNS = time.Since(started).Nanoseconds()
	if err != nil {
		return line, err
	}

	started = time.Now()
	records, err := db.Entity(entity)
	line.FirstQueryNS = time.Since(started).Nanoseconds()
	if err != nil {
		return line, err
	}

	line.PeakRSSBytes = result.PeakRSS()
	if line.Events, err = db.Len(); err != nil {
		return line, err
	}
	if _, err := fmt.Sscan(fmt.Sprint(payload["n"]), &line.GetN); err != nil {
		return line, fmt.Errorf("payload %v: %w", payload, err)
	}
	sequences := make([]uint64, len(records))
	for i := range records {
		sequences[i] = records[i].Sequence()
	}
	line.QueryEvents, line.QueryHash = len(records), result.SequenceHash(sequences)
	return line, nil
}
