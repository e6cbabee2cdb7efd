// Command bbolt-open opens the bbolt peer's file in this fresh process, times it and prints one JSON line.
package main

import (
	"github.com/thawlog/thaw/host/bench/peers"
	"github.com/thawlog/thaw/host/bench/peers/bbolt"
)

func main() {
	peers.Main("bbolt-open", func(path string, writable bool) (peers.Reader, error) { return bbolt.Open(path, writable) })
}
