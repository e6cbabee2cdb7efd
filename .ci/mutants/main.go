// Mutants changes the code at one point at a time and checks that a test notices.
//
//	go run ./.ci/mutants [-j N] [-only PATTERN] [-list]
//
// It reads the tables in this directory (*.txt; table.go documents their format)
// and runs in the root of the module. Each mutant is compiled with
// `go test -overlay`: no file of the tree is written, so several runs are possible
// at once, also during edits. Each mutant gets a line with its verdict:
//
//	caught      the named test fails
//	hangs       the named test does not end, and the table allows that
//	equivalent  the change makes no difference, and the table says why
//	SURVIVES    the named test passes
//	MISPLACED   the text to change is missing, or occurs more than once
//	NO BUILD    the changed code does not compile: nothing was tested
//	TOO LONG    the named test does not end, and the table does not allow that
//	BAD TEST    without any change the named test fails, skips, or does not exist
//
// The exit code is 1 if a verdict is in capitals.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

func main() {
	jobs := flag.Int("j", 2, "number of mutants tested at a time")
	only := flag.String("only", "", "test only mutants whose table, file or name matches this regular expression")
	list := flag.Bool("list", false, "only check that every change applies and its tests exist, and run nothing")
	tables := flag.String("tables", filepath.Join(".ci", "mutants"), "directory of the tables")
	flag.Parse()

	failed, err := mutate(*tables, *only, *jobs, *list)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if failed {
		os.Exit(1)
	}
}

// mutate tests the mutants of all tables in dir that match only. It reports whether one of
// their verdicts is in capitals.
func mutate(dir, only string, jobs int, list bool) (failed bool, err error) {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return false, err
	}
	all, err := readTables(dir)
	if err != nil {
		return false, err
	}
	var chosen []mutant
	for _, m := range all {
		if pattern.MatchString(m.table + " " + m.file + " " + m.name) {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) == 0 {
		return false, fmt.Errorf("no mutant matches %q", only)
	}

	tmp, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(tmp)
	r := &runner{tmp: tmp, plain: map[string]*plain{}}

	counts := map[verdict]int{}
	var lock sync.Mutex
	var group sync.WaitGroup
	turns := make(chan struct{}, max(jobs, 1))
	for _, m := range chosen {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			start := time.Now()
			got := r.try(m, list)
			lock.Lock()
			defer lock.Unlock()
			counts[got.verdict]++
			if got.verdict == applies {
				return
			}
			fmt.Printf("%-10s %s:%d %s: %s (%.0fs)\n", got.verdict, m.table, m.line, m.name, got.why, time.Since(start).Seconds())
		})
	}
	group.Wait()

	fmt.Printf("\n%d mutants:", len(chosen))
	for _, v := range verdicts {
		if counts[v] > 0 {
			fmt.Printf(" %d %s", counts[v], v)
			failed = failed || v.failed()
		}
	}
	fmt.Println()
	return failed, nil
}
