// Package wasm is the folder of what runs the core in a sandbox: abi is what guest and
// loaders agree on, guest the module itself, plugin the loader for Go, node the one for
// Node. It holds no code.
package wasm
