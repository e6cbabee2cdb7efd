// Package compact writes segments again: many small ones as few, and without the events that
// are to be removed. It does no I/O. [Run] takes a snapshot and a [Plan], hands out the bytes of
// the new segments, and says how an index of the old ones becomes one of the new. [Policy] says
// which segments are worth merging.
//
// # What stays, and what goes
//
// A frame that stays is copied byte for byte, in its order, and the footers have the sequences
// of before. So sequences, clocks, ids, hashes, links, payloads, metadata and hidden ranges stay
// right. Only positions change.
//
// A dropped event is gone, and its id is free again. A tombstone and a redacted event keep
// everything but payload, metadata and, for a tombstone, the kind: see [segment.Redact]. Their
// ids are not free: a repetition of the append gets the first receipt.
//
// The markers of a batch stay when all of it stays as it is, in one segment. Otherwise its
// events are written as if they had been appended one by one; all or nothing mattered only
// while it was written. Items of a batch that was never committed are left out.
//
// # Which ids the new segments have
//
// Segments of the run that need no change keep their files. The others form groups of
// neighbours, and the new segments of a group have its last ids. So the ids that a merge gives
// up lie before a segment with a footer, which tells its sequences. They never lie before the
// newest segment, whose events have no numbers but those that follow the segment before.
//
// # What is missing, and how it shows
//
// A segment from which events were dropped has [segment.FlagCompacted] in its header, or keeps
// [segment.FlagExtract]. It stands for all sequences from its first to its last, with the
// missing ones: empty batches at its begin and end name them, see [segment.AppendNumbers]. So
// without any other file
//
//   - the events after it keep their sequences, even if those before them were dropped;
//   - a segment that is missing before or after it is damage, as anywhere;
//   - a wrong footer shows, since the batch at the end has a sum of the sequences. Without a
//     right one the sequences of its events are not known, which is damage too.
//
// Verification counts the missing sequences in a note of topic compacted. Clocks and previous
// hashes may skip there, and up to the next event of an entity after it.
//
// # What is refused
//
// Run decodes every frame that it reads, compares it with the index, and accounts for every
// byte between header and footer. Anything that is not as it should be is a [DamageError]:
// nothing is removed whose place in the log is in doubt. A batch that crosses the run's bounds
// is a [BatchError], with bounds that include it. Where hidden ranges may use other numbers than
// the log (batpak 0.4.0 gives numbers out again after an unclean stop), it is a
// [NumbersError].
//
// # Memory
//
// 33 MiB for the contents of small segments, one byte for each event of the run when there is a Judge, 24 bytes for each stretch of frames
// that stays together, 162 for each event of the segment being written, and some 300 for each
// event of the batch being copied.
package compact
