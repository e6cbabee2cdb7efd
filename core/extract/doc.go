// Package extract copies selected events of a store into the segments of a new one, which
// thaw and batpak 0.4.0 open. It does no I/O: a [Writer] takes frames and hands out the bytes
// of files, one segment after the other.
//
// # What is the same, and what is not
//
// A frame is copied byte for byte. So an event keeps its id, entity, scope, kind, payload,
// metadata, times, clock, hashes, flags, correlation and causation. The footers keep the
// global sequences. Only positions are new: segments are numbered from 1, each is sealed, and
// none is longer than [Options.SegmentSize] unless a single frame is.
//
// What was not selected is missing, and the new store says so:
//
//   - Sequences and clocks have gaps. Every segment has [segment.FlagExtract] in its header.
//     Verification then expects gaps, and counts the missing sequences in a note of topic
//     extract for each segment. Without the flag it would have to take an entity whose first clock is 7 for
//     damaged. An event whose predecessor is there must continue it as everywhere.
//   - A cause or a correlation id may be that of an event that is not there. That is allowed
//     in any store: an id names an event, wherever it is.
//   - Markers of batches are not copied. A batch is all or nothing while it is written, and
//     only committed events can be selected. A batch of which some events were selected would
//     look torn between its markers, and readers would ignore it.
//   - Hidden events are not copied, nor visibility_ranges.fbv: there is nothing left to hide.
//   - There is no index and no sync mark. The first close of a writer makes an index.
//
// Events whose frames are damaged cannot be copied. [Run] leaves them out and lists them in
// its [Result].
//
// # Appending to an extract
//
// A writer continues with the sequence after the extract's last event, and each entity with
// the clock after its last event there, in segments without the flag. The original may have
// given the same sequences and clocks to other events, so the two stores cannot be merged, and
// a consumer that remembers positions in one must not be pointed at the other: a store is
// known by the id of its first event, which both may share.
package extract
