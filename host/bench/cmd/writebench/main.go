// Command writebench writes the same events into thaw, Badger, bbolt and SQLite and prints one table: durable batches,
// durable single events from many goroutines, single events without sync from one. Every measurement has a process and a
// directory of its own, and the engines take turns.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/thawlog/thaw/host/bench/writers"
)

// modes are the rows of the table.
var modes = []mode{
	{"batches of 1,000, one sync each", batches, 1},
	{"64 goroutines, single events, each on disk", together, 10},
	{"one goroutine, single events, no sync", alone, 2},
}

// mode is one way to write; share is which part of -n it writes.
type mode struct {
	name  string
	run   func(w writers.Writer, n uint64) error
	share uint64
}

type options struct {
	n      uint64
	rounds int
	json   bool
}

func main() {
	var o options
	var engine, dir string
	var m int
	flag.Uint64Var(&o.n, "n", 200_000, "events of the first row; the others write a tenth and a half")
	flag.IntVar(&o.rounds, "k", 3, "measurements of each, of which the median counts")
	flag.BoolVar(&o.json, "json", false, "every measurement as JSON lines")
	flag.StringVar(&engine, "engine", "", "measure one engine in this process (for the command's own use)")
	flag.IntVar(&m, "mode", 0, "with -engine: the row")
	flag.StringVar(&dir, "dir", "", "with -engine: an empty directory")
	flag.Parse()
	var err error
	if engine != "" {
		err = one(engine, m, dir, o.n)
	} else {
		err = all(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "writebench:", err)
		os.Exit(1)
	}
}

// one measures and prints a line.
func one(name string, m int, dir string, n uint64) error {
	i := slices.IndexFunc(writers.Engines, func(e writers.Engine) bool { return e.Name == name })
	if i < 0 || m < 0 || m >= len(modes) {
		return fmt.Errorf("no engine %q or no mode %d", name, m)
	}
	figures, err := measure(&writers.Engines[i], m, dir, n/modes[m].share)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(figures)
}

// all measures every engine in every mode, in processes of their own and in turns.
func all(o options) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	base, err := os.MkdirTemp("", "thaw-writebench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(base)
	t := newTable(len(modes), len(writers.Engines))
	for round := range o.rounds {
		for m := range modes {
			for e := range writers.Engines {
				dir := filepath.Join(base, fmt.Sprintf("%d-%d-%d", round, m, e))
				f, err := child(self, writers.Engines[e].Name, m, dir, o.n)
				if err != nil {
					return err
				}
				if o.json {
					if err := json.NewEncoder(os.Stdout).Encode(f); err != nil {
						return err
					}
				}
				t.add(m, e, f)
			}
		}
	}
	if o.json {
		return nil
	}
	fmt.Print(t.text(o))
	return nil
}

// child runs one measurement and removes what it wrote.
func child(self, engine string, m int, dir string, n uint64) (f figures, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return f, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command(self, "-engine", engine, "-mode", fmt.Sprint(m), "-dir", dir, "-n", fmt.Sprint(n))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return f, fmt.Errorf("%s: %w: %s", engine, err, stderr.String())
	}
	return f, json.Unmarshal(out, &f)
}
