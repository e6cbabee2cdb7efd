// Command bench measures thaw and other engines over the same events, in one run.
//
//	go run ./cmd/bench                       1,000,000 events, 9 rounds, every engine
//	go run ./cmd/bench -n 100000 -quick      a first look in a minute or two
//	go run ./cmd/bench -out report           the report and its charts as files
//
// It starts itself again for every measurement, so that each has a fresh process. The
// engines alternate (A B C A B C), so that a slow minute affects all of them. README.md in
// this module documents what is measured and what is not.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/workload"
)

// subject is the engine compared with the best of the others.
const subject = "thaw"

// seed is the seed of the events, the same in every run.
const seed = 1

type options struct {
	n       uint64
	rounds  int
	engines []engine.Engine
	data    []string
	sizes   []uint64
	caches  []string
	orders  bool // only the order services and thaw's layer
	upkeep  bool // only upkeep: loads, compaction, backup, fork, redaction
	load    uint64
	out     string
	dir     string // the cache directory, absolute
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) == 2 && os.Args[1] == childCommand {
		exit(child(os.Stdin, os.Stdout))
	}
	o, err := parse(os.Args[1:])
	if err == flag.ErrHelp {
		os.Exit(2)
	}
	if err == nil {
		err = run(ctx, o, os.Stdout)
	}
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.Uint64Var(&o.n, "n", 1_000_000, "`events` in the store")
	f.IntVar(&o.rounds, "rounds", 9, "measurements of everything; the report has medians")
	quick := f.Bool("quick", false, "3 rounds, unless -rounds is set")
	names := f.String("engines", "", "`names` separated by commas (default all: "+strings.Join(engineNames(), ",")+")")
	data := f.String("data", workload.Regular, "`which` events: regular, zipf or both")
	sizes := f.String("sizes", "1000,N", "`counts` of events at which thaw's open is measured, separated by commas; N is -n")
	cache := f.String("cache", "both", "`state` of the page cache at first queries: written, readahead or both")
	f.BoolVar(&o.orders, "orders", false, "measure only the order services and thaw's layer above the log")
	f.BoolVar(&o.upkeep, "upkeep", false, "measure only upkeep: a large load, compaction, backup, fork and redaction")
	load := f.Int64("load", -1, "`events` of the large load, whose store is forked; 0 for none (default 10 times -n)")
	f.StringVar(&o.out, "out", "", "write report.md, chart-light.svg, chart-dark.svg and runs.json, all single measurements, into this `directory`")
	f.StringVar(&o.dir, "cache-dir", "", "`directory` that keeps the stores (default thaw-bench in the user's cache directory)")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if *quick && !given["rounds"] {
		o.rounds = 3
	}
	if f.NArg() > 0 || o.rounds < 1 || o.orders && o.upkeep {
		return o, fmt.Errorf("bad arguments; see -help")
	}
	o.load = uint64(*load)
	if *load < 0 {
		o.load = 10 * o.n
	}
	if o.engines, err = choose(*names); err != nil {
		return o, err
	}
	if o.data, err = either(*data, workload.Regular, workload.Zipf); err != nil {
		return o, fmt.Errorf("-data: %w", err)
	}
	if o.caches, err = either(*cache, written, readAhead); err != nil {
		return o, fmt.Errorf("-cache: %w", err)
	}
	for s := range strings.SplitSeq(*sizes, ",") {
		size := o.n
		if s != "N" {
			if size, err = strconv.ParseUint(s, 10, 64); err != nil {
				return o, fmt.Errorf("-sizes: %w", err)
			}
		}
		if !slices.Contains(o.sizes, size) {
			o.sizes = append(o.sizes, size)
		}
	}
	for _, size := range append([]uint64{o.n, max(o.load, 1)}, o.sizes...) {
		if err := (workload.Spec{Data: workload.Regular, N: size}).Check(); err != nil {
			return o, err
		}
	}
	if o.dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return o, err
		}
		o.dir = filepath.Join(user, "thaw-bench")
	}
	o.dir, err = filepath.Abs(o.dir)
	return o, err
}

// either parses one of two words, or "both".
func either(word, a, b string) ([]string, error) {
	switch word {
	case "both":
		return []string{a, b}, nil
	case a, b:
		return []string{word}, nil
	}
	return nil, fmt.Errorf("%q is not one of %s, %s, both", word, a, b)
}

func logf(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
