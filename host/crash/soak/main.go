package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	if name := os.Getenv(roleEnv); name != "" {
		os.Exit(act(name))
	}
	length := flag.Duration("for", 30*time.Minute, "how long")
	dir := flag.String("dir", "", "an empty directory for the store and what belongs to it, kept; by default a temporary one, removed unless something is wrong")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the disturbances; moments are those of the machine")
	rate := flag.Int("rate", 400, "events a second")
	keep := flag.Int("keep", 2000, "retention drops older events of one kind, and leaves so many newest ones alone; 0 for no retention")
	svg := flag.String("chart", "", "file for the chart")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := soak(ctx, os.Stdout, *length, *dir, *seed, *rate, *keep, *svg)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// act does what a process of a role does until it is killed. It returns only after an error.
func act(name string) int {
	for _, r := range roles {
		if r.name == name {
			err := r.run(context.Background())
			fmt.Fprintln(os.Stderr, err)
		}
	}
	return 1
}

// soak runs the whole, and prints a summary. It reports whether nothing was violated.
func soak(ctx context.Context, out io.Writer, length time.Duration, dir string, seed uint64, rate, keep int, svg string) (ok bool, err error) {
	fmt.Fprintf(out, "again with: go run ./host/crash/soak -for %v -rate %d -keep %d -seed %d\n", length, rate, keep, seed)
	base := dir
	if base == "" {
		if base, err = os.MkdirTemp("", "soak"); err != nil {
			return false, err
		}
		defer func() {
			if ok {
				err = errors.Join(err, os.RemoveAll(base))
			} else {
				fmt.Fprintln(out, "the files are in", base)
			}
		}()
	}
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	s := supervisor{rate: rate, keep: keep}
	s.oracle.lossy = keep > 0
	if err := s.run(ctx, base, rand.New(rand.NewPCG(seed, 1))); err != nil {
		return false, err
	}
	s.summary(out)
	if svg != "" {
		if err := os.WriteFile(svg, []byte(s.chart()), 0o600); err != nil {
			return false, err
		}
	}
	return len(s.violations) == 0, nil
}

func (s *supervisor) summary(out io.Writer) {
	acked, followed := s.oracle.numbers()
	fmt.Fprintf(out, "%.0f s, %d events acknowledged, %d followed, %d times compared, %d index files damaged\n", s.seconds(), acked, followed, s.compared, s.disturbed)
	fmt.Fprintf(out, "%d compactions, %d events dropped, %d backups\n", s.compactions, s.dropped, s.backups)
	for _, r := range roles {
		fmt.Fprintf(out, "%-12s killed %d times\n", r.name, s.killed[r.name])
	}
	for _, p := range s.processes {
		var most sample
		for _, at := range s.samples[p.name] {
			most.memory, most.files = max(most.memory, at.memory), max(most.files, at.files)
		}
		fmt.Fprintf(out, "%-12s at most %d MiB of memory, %d descriptors\n", p.name, most.memory>>20, most.files)
	}
	if len(s.violations) == 0 {
		fmt.Fprintln(out, "nothing lost, no hole, nothing changed")
		return
	}
	fmt.Fprintf(out, "VIOLATED:\n%s\n", strings.Join(s.violations, "\n"))
}

// chart draws the run.
func (s *supervisor) chart() string {
	memory, files := panel{title: "memory of each process, without mapped files", unit: "MiB"}, panel{title: "descriptors of each process"}
	for _, p := range s.processes {
		m, f := series{name: p.name}, series{name: p.name}
		for _, at := range s.samples[p.name] {
			m.points = append(m.points, [2]float64{at.second, float64(at.memory) / (1 << 20)})
			f.points = append(f.points, [2]float64{at.second, float64(at.files)})
		}
		memory.lines, files.lines = append(memory.lines, m), append(files.lines, f)
	}
	return chart([]panel{{title: "events; red: a kill", lines: s.growth[:]}, memory, files}, s.seconds(), s.kills)
}
