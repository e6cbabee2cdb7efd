// Package all lists the engines.
package all

import (
	"fmt"
	"strings"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/engine/badger"
	"github.com/thawlog/thaw/host/bench/engine/bbolt"
	"github.com/thawlog/thaw/host/bench/engine/pebble"
	"github.com/thawlog/thaw/host/bench/engine/sqlite"
	"github.com/thawlog/thaw/host/bench/engine/thaw"
)

// All returns the engines in this program, thaw first. SQLite is missing without cgo.
func All() []engine.Engine {
	engines := []engine.Engine{thaw.Engine{}, bbolt.Engine{}}
	if sqlite.Available {
		engines = append(engines, sqlite.Engine{})
	}
	return append(engines, pebble.Engine{}, badger.Engine{})
}

// Named returns the engine of All with the given name.
func Named(name string) (engine.Engine, error) {
	var names []string
	for _, e := range All() {
		if e.Name() == name {
			return e, nil
		}
		names = append(names, e.Name())
	}
	if name == (sqlite.Engine{}).Name() {
		return nil, fmt.Errorf("engine %s: this program was built without cgo", name)
	}
	return nil, fmt.Errorf("no engine %q, only %s", name, strings.Join(names, ", "))
}
