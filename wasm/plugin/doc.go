// Package plugin reads stores through thaw.wasm: core in a sandbox without files, clock or
// network, which sees only the bytes that this package passes to it. Its readers implement
// host.Reader with the results and errors of package host, so code moves between the two by
// changing the constructor:
//
//	p, err := plugin.LoadFile(ctx, "thaw.wasm", plugin.Options{})
//	r, err := p.OpenReader(ctx, "orders", plugin.ReaderOptions{})
//
// A [Plugin] is compiled once; its machine code is kept in the user's cache directory. A
// [Reader] distributes queries over instances. An instance runs one query at a time, so a
// reader makes as many as it has concurrent queries, up to Options.Instances. Each instance
// opens the store itself, by windows, which costs a few pages.
//
// A plugin that was tampered with can only give wrong answers: its output is checked to be
// well-formed, ranges are read only from the store's own files, and its memory is bounded.
// An instance that traps is closed; its query fails with a [TrapError], and the next query
// uses another instance.
package plugin
