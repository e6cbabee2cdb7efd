package main

import (
	"strings"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/engine/all"
)

// The available engines, which tests replace.
var (
	engines = all.All
	named   = all.Named
)

func engineNames() (names []string) {
	for _, e := range engines() {
		names = append(names, e.Name())
	}
	return names
}

// choose parses names separated by commas; an empty list means all.
func choose(names string) (chosen []engine.Engine, err error) {
	if names == "" {
		return engines(), nil
	}
	for name := range strings.SplitSeq(names, ",") {
		e, err := named(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, e)
	}
	return chosen, nil
}
