// Command thaw-open opens a thaw store for reading in this fresh process, times it and prints one JSON line.
//
//	thaw-open -get HEX -entity NAME DIR    time open, first get, first query
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/bench/result"
	"github.com/thawlog/thaw/host/payload"
)

func main() {
	get := flag.String("get", "", "event id to get, 32 hex digits")
	entity := flag.String("entity", "", "entity to query")
	flag.Parse()
	line, err := ask(context.Background(), flag.Arg(0), *get, *entity)
	if err == nil {
		err = result.Print(line)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "thaw-open:", err)
		os.Exit(1)
	}
}

func ask(ctx context.Context, dir, get, entity string) (line result.Result, err error) {
	id, err := event.ParseID(get)
	if err != nil {
		return line, err
	}
	started := time.Now()
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{})
	line.OpenNS = time.Since(started).Nanoseconds()
	if err != nil {
		return line, err
	}
	defer r.Close()

	started = time.Now()
	full, err := r.Get(ctx, id)
	if err != nil {
		return line, err
	}
	var value struct {
		N int64 `msgpack:"n"`
	}
	err = payload.Unmarshal(full.Payload, &value)
	line.FirstGetNS = time.Since(started).Nanoseconds()
	if err != nil {
		return line, err
	}

	started = time.Now()
	var sequences []uint64
	for e, err := range r.Query(ctx, host.Region{Entity: entity}, host.Page{}) {
		if err != nil {
			return line, err
		}
		sequences = append(sequences, e.Sequence)
	}
	line.FirstQueryNS = time.Since(started).Nanoseconds()

	line.PeakRSSBytes = result.PeakRSS()
	report := r.Report()
	line.Events, line.GetN = report.Events, value.N
	line.QueryEvents, line.QueryHash = len(sequences), result.SequenceHash(sequences)
	line.Note = "opened from " + string(report.OpenedFrom) + ", lookups built in memory"
	return line, nil
}
