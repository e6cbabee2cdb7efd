// Command guest is the core as a WebAssembly reactor: a host passes in bytes of a store and
// gets answers through functions that take and return numbers. ABI.md has everything a host
// must know. The module imports WASI preview 1 for the Go runtime, and opens no file.
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags="-s -w -buildid=" -o thaw.wasm ./wasm/guest
package main

import _ "github.com/thawlog/thaw/wasm/internal/exports" // the exports

// main is never run: the host calls _initialize and then exports.
func main() {}
