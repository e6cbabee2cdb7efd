// Package salvage copies everything intact of a damaged store into a new one, and lists
// what is lost or doubtful. It does no I/O: [Examine] reads the store through
// [directory.Files], and [Salvage.Write] hands out the bytes of the new files.
//
// # What is intact
//
// A frame is intact if its checksum matches, it decodes, and its payload has the recorded
// digest. A frame of which only the length is damaged is intact too, and gets its length
// back. A payload that batpak's retention wrote as a MessagePack value in place of its
// bytes (D7) is intact if these bytes have the digest; its frame is then encoded again in
// the form that batpak reads. Every other frame is copied byte for byte.
//
// # Where events are searched
//
// The store is opened as any reader opens it, and every frame that the open shows is read
// and checked. Then the bytes that no such frame covers are searched for others. Files are
// read under the name that they should have:
//
//	NNNNNN.fbat whose header names    moved there if that segment is missing and the ids
//	another segment                   then have no hole; left alone if it is a copy; else
//	                                  read under its own name
//	another name, with the header     read as that segment if it is missing; else its
//	of a segment                      events that the store lacks are doubtful
//	NNNNNN.fbat.compact-src           a source of a compaction that batpak did not finish
//	                                  (D4): read in place of the merged segment, if the
//	                                  sources hold all of that
//	segments whose events a merged    left alone if the merged segment holds all of them,
//	one repeats (D12)                 and some other source is gone
//	segments with the sequences of        left alone, but for the events that the other lacks
//	another that a compaction made of     (kept, as doubtful): swap.thaw was lost, or a copy
//	them                                  of the store was put over another
//
// # Sequences
//
// An event keeps the sequence that the open gives it. An event that the open does not show
// has that of its segment's footer, or the one that the open kept free for it. Without
// such a number, or if another event has it, the event is left out.
//
// # Doubtful events
//
//	outcome   events
//	kept      intact items of a batch that was committed, and of which another item is
//	          damaged; events whose frame contradicts a sound index; events that do not
//	          continue the hash of the one before; of two events that follow the same one
//	          (D8), both
//	left out  items of a batch that may not have been committed; frames after the place
//	          where the log ends, which were not acknowledged; events of a file of another
//	          name whose segment exists; payloads that do not have the recorded digest
//
// [Options.KeepDoubtful] keeps those of the second row too, except the last, which no
// reader would accept.
//
// Hidden events are copied and stay hidden. If it is not known which events were
// cancelled, because batpak numbered them otherwise or some are lost, all that may have
// been stay hidden.
//
// # The new store
//
// Its segments are sealed and have the flag of package extract, since events may be
// missing. Markers of batches are not copied: each event stands for itself. names.thaw
// and visibility_ranges.fbv are copied, indexes and the sync mark are not.
package salvage
