// Platforms type-checks packages and their tests as compiled for other systems.
//
//	go run ./.ci/platforms GOOS/GOARCH,... PACKAGES
//
// It reads the source of every dependency, including the standard library, and skips
// function bodies outside this module. A compiler would first have to build all
// dependencies for each system, which takes minutes; make nightly does that with go vet.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "platforms: wanted: systems and packages")
		os.Exit(2)
	}
	if err := all(".", strings.Split(os.Args[1], ","), os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// all checks packages for every system, two at a time, since each needs some hundred MB.
func all(dir string, systems, patterns []string) error {
	errs := make([]error, len(systems))
	turn := make(chan struct{}, 2)
	var wg sync.WaitGroup
	for i, system := range systems {
		wg.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			n, err := check(dir, system, patterns)
			if err != nil {
				errs[i] = fmt.Errorf("platforms: %s: %w", system, err)
				return
			}
			fmt.Printf("%-14s %d packages\n", system, n)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
