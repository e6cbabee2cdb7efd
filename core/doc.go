// Package core contains no code, only packages and the test that keeps them
// pure: no operating system, no clock, no randomness, no goroutines, and no
// imports but leaf packages of the standard library and BLAKE3. From the bottom
// up; a package imports only packages above it in this list:
//
// Values and bytes:
//
//	event       ids, hashes, kinds, coordinates, positions, events
//	source      reading at an offset: a file, a mapping, memory
//	escape      text made safe for a terminal
//	damage      what can be wrong with a file, with stable names
//	pages       pages with checksums, checked on the first read
//	msgpack     the MessagePack of the store's own structures
//	payload     users' MessagePack: validation, to and from JSON
//
// One file format each:
//
//	strtab      string tables, a part of the formats below
//	sidx        footers of sealed segments
//	segment     segments: header, frames, and a walk that survives damage
//	dissect     a frame explained byte by byte
//	artifact    index.fbati, the index image
//	checkpoint  index.ckpt, its older format
//	visibility  visibility_ranges.fbv, the hidden ranges
//	synced      synced.thaw, the sync mark
//	lineage     store.thaw, which store it is and what was removed from it
//	kindnames   names.thaw, the names of kinds
//	index       index.thaw and part files: building, saving, reading an index
//
// The store:
//
//	directory   a store's directory: kinds of files, names, listing
//	replay      from frames to records; the one loop over segments
//	query       answers from one index image and its index
//	flush       when to write an index, and what goes into it
//	commit      from appends to frames and records
//	gate        rules that judge appends, and their permits
//	store       opening, the view, recovery and its report
//	verify      a store checked against itself
//	sealed      writes sealed segments, for the two below
//	extract     selected events as the segments of a new store
//	compact     segments written again: merged, and without removed events
//
// What crosses a border:
//
//	lines       events, reports and findings as lines of JSON
//	internal    helpers that only tests import
//
// The clock, random numbers and files are arguments. Package host supplies those
// of an operating system.
package core
