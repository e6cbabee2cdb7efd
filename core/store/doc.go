// Package store opens a directory of files read-only, as pure logic, and answers
// queries about it. It reads through [directory.Files], which a host implements over
// a file system, a plugin over its host and a web page over dropped files.
//
// A [Snapshot] is an immutable list of parts: the records of the index files, of the
// tail, and of what a writer appended since. Each part has an index, and a query is
// the answer of the first part followed by those of the next. A [Report] says how the
// store was opened and lists everything that was refused.
//
// # The ladder
//
// [Open] takes the first index that proves sound, and replays the segments after it:
//
//  1. The directory is listed, and synced.thaw and store.thaw are read (listing.go,
//     lineage.go).
//  2. The base is loaded: index.fbati and the part files that follow it, else
//     index.ckpt, else nothing (base.go, artifact.go, savedindex.go, partfile.go,
//     checkpoint.go). Its watermark is checked against the segments (watermark.go). An
//     index.fbati without its index.thaw is compared with all segments it covers
//     (coverage.go). part.go makes a part of either.
//  3. visibility_ranges.fbv is read (hidden.go). It is the only file but a segment whose
//     damage is an error.
//  4. The segments after the watermark are replayed and become the tail's part
//     (tail.go).
//  5. The hidden ranges are applied: widened after a loss (hidden.go), and translated
//     where batpak numbered events otherwise (numbering.go, footernumbers.go).
//  6. Events that a refused index lists and no part holds are reported lost (lost.go).
//  7. With Options.CheckIndex every page of the index is read (repair.go).
//
// A try starts again without its index when the tail or the hidden ranges contradict
// it, and from the listing when a file was replaced meanwhile (open.go).
//
// # After the open
//
//	snapshot.go, query.go, stream.go,   queries, answered by the cursors of package
//	causes.go, frame.go, cursors.go     query part by part
//	repair.go                           a damaged index page met by a query: rebuild
//	                                    the index, or replay the segments
//	refresh.go                          what other processes have appended
//	memtable.go                         memtables: what a writer has appended, or a refresh has read
//	history.go                          what the writer asks before it appends
//	recovery.go, footer.go              the torn end that a writer cuts off first, and the
//	                                    footer it adds
//	flush.go, indexfiles.go             the index files to write, and those in use
//	options.go, report.go, errors.go    choices, the report and the errors
package store
