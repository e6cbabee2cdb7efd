// Command writebench compares how fast thaw and its peers write the same events, in one run.
//
//	go run ./cmd/writebench                       100,000 events in batches, 20,000 singly, 3 rounds, one table
//	go run ./cmd/writebench -n 1000000 -k 5       another size, more rounds
//	go run ./cmd/writebench -engines thaw,badger -cases batch -json
//
// Every measurement is a fresh process with a fresh directory. The engines take turns, so that a slow minute of the
// machine falls on all of them. README.md says what is measured and what is not.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/thawlog/thaw/host/bench/figures"
)

type options struct {
	events  int
	singles int
	rounds  int
	dir     string
	engines string
	cases   string
	json    bool

	measure string // ENGINE/CASE: this process is one measurement
	profile string
}

func main() {
	var o options
	flag.IntVar(&o.events, "n", 100_000, "events of the batch case")
	flag.IntVar(&o.singles, "singles", 0, "events of the cases that write one by one (default a fifth of -n)")
	flag.IntVar(&o.rounds, "k", 3, "rounds: fresh processes per engine and case")
	flag.StringVar(&o.dir, "dir", "", "directory on the disk to measure (default the system's for temporary files)")
	flag.StringVar(&o.engines, "engines", "", "engines to run, separated by commas (default all)")
	flag.StringVar(&o.cases, "cases", "", "cases to run, separated by commas (default batch,together,unsynced)")
	flag.BoolVar(&o.json, "json", false, "print JSON instead of the table")
	flag.StringVar(&o.measure, "measure", "", "be one measurement, ENGINE/CASE, and print its line")
	flag.StringVar(&o.profile, "cpuprofile", "", "with -measure: write a CPU profile of the writing to this file")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "writebench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.singles == 0 {
		o.singles = o.events / 5
	}
	if flag.NArg() > 0 || o.events < 1 || o.singles < 1 || o.rounds < 1 {
		return errors.New("bad arguments; see -help")
	}
	if o.measure != "" {
		return child(ctx, o)
	}
	engines, err := choose(o.engines, engines, func(e engine) string { return e.Name })
	if err != nil {
		return err
	}
	cases, err := choose(o.cases, cases, func(c testCase) string { return c.name })
	if err != nil {
		return err
	}
	rep := newReport(o, figures.LoadAverage())
	rows, err := measureAll(ctx, o, engines, cases, rep)
	if err != nil {
		return err
	}
	rep.fill(rows)
	if o.json {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(rep)
	}
	return rep.writeTable(os.Stdout)
}

// choose returns those of all whose names are in the list, in the order of all; an empty list means all of them.
func choose[T any](list string, all []T, name func(T) string) ([]T, error) {
	if list == "" {
		return all, nil
	}
	wanted := map[string]bool{}
	for s := range strings.SplitSeq(list, ",") {
		wanted[s] = true
	}
	var chosen []T
	for _, t := range all {
		if wanted[name(t)] {
			chosen = append(chosen, t)
			delete(wanted, name(t))
		}
	}
	for s := range wanted {
		return nil, fmt.Errorf("nothing is called %q", s)
	}
	return chosen, nil
}
