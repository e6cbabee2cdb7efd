// Package scratchstore is the store that one can write in a page: package host, over a file
// system in memory. Events are appended as JSON, and the files of the store are read by the
// page's engine as those of any other.
//
// # Why this package imports host
//
// The rest of wasm is for reading and builds on the core alone. A scratch store is there to
// show how thaw writes: what an expectation refuses, how a batch and its markers lie in a
// segment, when an index is written. Another writer made of core's parts for this purpose would show
// that writer. So this package, and the module made of it, are the exception to the rule that wasm does
// not import host. It is a module of its own, loaded when a scratch store is asked for: it takes 1.9 MB
// (gzip) where the engine takes 1.3, because host formats with package fmt, logs with slog and
// encodes any Go value.
//
// # Events as JSON
//
// Append takes one object, or an array of them for a batch:
//
//	entity, scope   text
//	kind            a number, or a text: 0x1001, or a name in names.thaw
//	payload         any JSON, by the rules of core/payload
//	cause           an id; in a batch also the number of an earlier item, from 0
//	correlation     an id
//	key             an id, which makes the append idempotent
//	expect          "any", "none", or the clock of the entity's last event
//	meta            an object of texts
//	flags           a sum of 1, 2 and 8
//
// entity, scope and kind are required; a missing payload is null. The answer is the event as thaw
// dump prints it, or an array of them.
package scratchstore
