// Package all lists the order services.
package all

import (
	engine "github.com/thawlog/thaw/host/bench/engine/sqlite"
	"github.com/thawlog/thaw/host/bench/orders"
	"github.com/thawlog/thaw/host/bench/orders/bbolt"
	"github.com/thawlog/thaw/host/bench/orders/sqlite"
	"github.com/thawlog/thaw/host/bench/orders/thaw"
)

// Peer is one implementation of the order service.
type Peer struct {
	Name string // of the engine, and of the package
	// Open opens the service in a directory, which it makes.
	Open func(dir string) (orders.Service, error)
}

// All returns the implementations in this program. SQLite is missing without cgo.
func All() []Peer {
	peers := []Peer{{"thaw", opened(thaw.Open)}, {"bbolt", opened(bbolt.Open)}}
	if engine.Available {
		peers = append(peers, Peer{"sqlite", opened(sqlite.Open)})
	}
	return peers
}

// opened makes the result an interface, nil if there is an error.
func opened[S orders.Service](open func(string) (S, error)) func(string) (orders.Service, error) {
	return func(dir string) (orders.Service, error) {
		s, err := open(dir)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
}

// Named returns the implementation with a name.
func Named(name string) (p Peer, ok bool) {
	for _, p := range All() {
		if p.Name == name {
			return p, true
		}
	}
	return Peer{}, false
}
