// Package metamorphic runs one script of random operations on a store in many ways, and
// requires the same answers from all of them. Only tests import it.
//
// A script comes from a seed: appends of every sort, refused ones, repetitions under keys,
// syncs, and places where a store may be closed, copied or compacted. A model of slices and maps says what each
// operation returns and what each question is answered. A configuration says how the script runs:
//
//	segments     how large a segment is
//	tails        when an index is written while the store is open, and its files are merged
//	doors        appends one by one, in batches, by AppendEach, in fences, or mixed
//	stops        the store stays open, is closed, is stopped without a close, goes on in
//	             its backup, which is brought up to date now and then, or mixed
//	derived      index files are kept, lost or rebuilt while the store is closed
//	files        in memory, on disk, on disk and mapped
//	durability   each append is synced, or none
//
// Each check asks the writer, a snapshot, a snapshot of an earlier check (with the questions of
// then), a reader opened now, one that is refreshed, and a follower. Package wasm/plugin runs the
// same scripts and asks the plugin's reader too.
//
// What may differ is normalised, and this is all of it: where a frame lies and in which file
// (event.Event.Position, host.Receipt.Position); an id that the store made, which is replaced by the
// number of its event; whether a query without payloads knows an event's own time, which depends
// on where the index ends; what a report says of files; which links a graph left out at its limit
// (store.Link.Cut). Errors are compared by their class.
package metamorphic
