package main

import (
	"fmt"
	"strings"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/engine/all"
)

// engines are those that there are. Tests put others here.
var engines = all.All

func engineNames() (names []string) {
	for _, e := range engines() {
		names = append(names, e.Name())
	}
	return names
}

func named(name string) (engine.Engine, error) {
	for _, e := range engines() {
		if e.Name() == name {
			return e, nil
		}
	}
	return nil, fmt.Errorf("no engine %q; there are %s", name, strings.Join(engineNames(), ", "))
}

// choose takes names separated by commas; none means all.
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
