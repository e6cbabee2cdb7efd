// Command scratch is the scratch store of the page, as a module for the JavaScript runtime that
// comes with the go command (wasm_exec.js). Package scratchstore has all that it does, and says
// why this module, unlike the engine, imports host.
//
//	GOOS=js GOARCH=wasm go build -trimpath -ldflags="-s -w -buildid=" -o scratch.wasm ./wasm/browser/scratch
//
// It sets globalThis.thawScratch, an object of functions. All return promises, and run one
// after the other, in the order of the calls:
//
//	open()          begins an empty store; the one before is closed and forgotten
//	load(files)     begins a store with [{name, bytes: Uint8Array}], at most 64 MiB
//	append(text)    appends the event or the batch in a JSON text; gives the event as JSON text, or
//	                an array of the events
//	list()          gives [{name, size, regular}], in the order that ../../guest/ABI.md asks for
//	read(name)      gives a Uint8Array: the file as it was at the last list()
//	close()         seals the segment; the files can still be listed and read
//
// A promise is rejected with an Error whose name and code are the class that
// scratchstore.Class gives it, such as ExpectError.
package main

func main() { serve() }
