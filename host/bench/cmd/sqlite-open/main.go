// Command sqlite-open opens the SQLite peer's file in this fresh process, times it and prints one JSON line.
package main

import (
	"github.com/thawlog/thaw/host/bench/peers"
	"github.com/thawlog/thaw/host/bench/peers/sqlite"
)

func main() {
	peers.Main("sqlite-open", func(path string, writable bool) (peers.Reader, error) { return sqlite.Open(path, writable) })
}
