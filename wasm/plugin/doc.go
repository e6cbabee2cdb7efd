// Package plugin reads stores through thaw.wasm: the core in a sandbox that sees no
// file, no clock and no network, but the bytes that this package hands to it. Its
// readers are each a host.Reader with the answers and errors of package host, so code
// moves between the two by changing the constructor:
//
//	p, err := plugin.LoadFile(ctx, "thaw.wasm", plugin.Options{})
//	r, err := p.OpenReader(ctx, "orders", plugin.ReaderOptions{})
//
// A [Plugin] is compiled once; the machine code is kept in the user's cache directory.
// A [Reader] spreads questions over instances of it. An instance runs one question at
// a time, so there are as many as questions that were asked at once, up to
// Options.Instances; each opens the store for itself, by windows, which is some pages.
//
// A plugin that was tampered with can give wrong answers and no more: what it returns
// is checked to be well-formed, ranges are read of the store's own files only, its
// memory is bounded. An instance that traps is closed, the question gets a [TrapError],
// and the next one another instance.
package plugin
