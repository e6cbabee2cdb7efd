// Package core holds no code. It is the folder of thaw's pure logic, one room
// per concept, and of the test that keeps it pure: no operating system, no
// clock, no randomness, no goroutines, nothing but the standard library.
//
//	event       ids, hashes, kinds, coordinates: the words of all others
//	damage      how files can be wrong, with stable names
//	source      reading at an offset, from a file, a mapping or memory
//	msgpack     the MessagePack of the store's own structures
//	strtab      string tables
//	segment     segments: header, frames, and the walk that survives damage
//	sidx        footers of sealed segments
//	artifact    index.fbati
//	checkpoint  index.ckpt
//	visibility  visibility_ranges.fbv
//	synced      synced.thaw: how far the log was known to be on disk
//	index       flat lookup tables over an artifact
//	replay      frames back into records
//	commit      appends into frames and records
//	verify      whether a store says what it once said
//	store       all of it together: opening, queries, recovery
//	internal    what only tests import
//
// The clock, random numbers and files come in as arguments. Package host has
// the ones of an operating system.
package core
