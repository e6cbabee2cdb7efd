// Platforms type-checks packages, their tests included, as other systems compile them.
//
//	go run ./.ci/platforms GOOS/GOARCH,... PACKAGES
//
// It reads the source of every dependency, the standard library too, and skips the
// bodies of functions that are not ours. A compiler would first have to build all of
// them for each system, which takes minutes; go vet does that in make nightly.
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

// all checks packages for every system, two at a time: each needs some hundred MB.
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
