// Package replay turns frames back into the records of an index: the tail
// behind an artifact, or a whole log when there is none.
//
// Events enter through a [Cursor]: begin, insert, commit or abort. Nothing is
// visible before commit, and abort leaves no trace. An atomic batch is one
// cursor from its BEGIN frame to its COMMIT; every other event is one of its
// own.
//
// # Numbers
//
// A frame holds no global sequence. It gets the one that its segment's footer
// gives, when the footer holds up against the frames; otherwise it is numbered
// on from the highest sequence seen, and never below the allocator that the
// artifact recorded. A damaged frame keeps its number free where it can be
// told that it had one, so that the events behind it keep theirs.
//
// # Reading ahead
//
// With [Scan.Parallel] frames are read, decoded and compared with the footer's
// entries ahead of the walk, which alone decides: numbers, names and damage follow
// one order. A frame that was decoded ahead stands for itself, since its bytes are
// all that it depends on.
//
// # Batches that were not finished
//
// A batch without its COMMIT does not exist. batpak 0.4.0 writes no mark when
// a batch fails, so frames of later appends may follow its items. They are told
// apart by their time: all items of a batch carry one time stamp, taken before
// its BEGIN was written. Frames of another time stamp, or of one above BEGIN's,
// stand on their own.
//
// A batch goes on in the next segment only when its own segment was sealed: a
// rotation writes the footer first, and an unclean stop writes none.
package replay
