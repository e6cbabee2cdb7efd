// Package replay turns frames back into the records of an index: the tail that
// follows an artifact, or a whole log when there is none.
//
// Events enter a [Log] in transactions: begin, insert, commit or abort. Nothing
// is visible before commit, and abort leaves no trace. An atomic batch is one
// transaction from its BEGIN frame to its COMMIT; every other event is its own
// transaction.
//
// # Sequences
//
// A frame holds no global sequence. It gets the one in its segment's footer, if
// the footer agrees with the frames. Otherwise it gets the number after the
// highest sequence seen, but never one below the next sequence that the artifact
// recorded. The sequence of a damaged frame stays free where the frame is known
// to have had one, so that later events keep theirs.
//
// # Reading ahead
//
// With [Scan.Parallel] the scan reads and decodes frames, and compares them with
// the footer's entries, ahead of the walk. Only the walk decides: sequences, names
// and damage follow one order. A frame can be decoded ahead because it depends on
// nothing but its bytes.
//
// # Unfinished batches
//
// A batch without its COMMIT does not exist. batpak 0.4.0 writes no marker when a
// batch fails, so frames of later appends may follow its items. Their time
// distinguishes them: all items of a batch have one time stamp, taken before its
// BEGIN was written. A frame with another time stamp, or one above BEGIN's, is
// not part of the batch.
//
// A batch continues in the next segment only when its own segment was sealed: a
// rotation writes the footer first, and an unclean stop writes none.
package replay
