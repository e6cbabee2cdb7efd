// Command guest is the core as a WebAssembly reactor: bytes of a store go in, answers
// come out, through functions that take and return numbers. ABI.md beside it says all
// that a host has to know. It imports WASI preview 1 for what the Go runtime needs, and
// opens no file.
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags="-s -w -buildid=" -o thaw.wasm ./wasm/guest
package main

// main is not run: the host calls _initialize and then exports.
func main() {}
