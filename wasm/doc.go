// Package wasm is the folder of packages that run the core in a sandbox: abi is the
// interface between guest and loaders, guest the module, plugin the loader for Go, node the
// loader for Node, js what hosts in JavaScript share, and browser all that a page needs. The
// package itself has no code.
package wasm
