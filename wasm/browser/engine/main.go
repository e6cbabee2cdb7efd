// Command engine is the guest for browsers: the functions of guest/ABI.md in a module for
// the JavaScript runtime that comes with the go command (wasm_exec.js). It differs from
// thaw.wasm in three points: its memory is exported as mem, its imports are those of
// wasm_exec.js, and main must run, once, before any other export is called.
//
//	GOOS=js GOARCH=wasm go build -trimpath -ldflags="-s -w -buildid=" -o engine.wasm ./wasm/browser/engine
package main

import _ "github.com/thawlog/thaw/wasm/internal/exports" // the exports

// main returns to the host and never ends: the exports need a running program.
func main() { select {} }
