// Package verify checks every byte of a store and says what is wrong with it:
// the whole log against itself, and everything that was derived from it
// against the log. It reads and computes only; what it reports is for others to
// act on.
//
// What [Run] finds is of two sorts. A [damage.Damage] is a lie or a loss: bytes
// that cannot be what was written, in a segment as well as in a file that could
// be made again. A [Note] is worth knowing and proves nothing: the torn end of
// the newest segment, a batch that was never committed, a number left out.
//
// # What is checked
//
//	names       no segment under a name that is not its own, none that is no file
//	segments    header, frames and the bytes between them, as package replay has it
//	frames      content_hash = event_hash = digest of the payload; payload_size;
//	            the form of batch markers
//	chains      per entity: prev_hash, clock and wall clock continue its last event
//	footers     entry by entry against the frames; sequences rise
//	index.fbati taken as an open takes it, then record by record against the frames
//	index.ckpt  the same
//	ranges      the file decodes and lies below the allocator
//	lookups     files of lookups hold what the records make, byte by byte: an
//	            [index.Difference] names the first place where one does not
//	answers     what an open shows is what the frames say
//
// # Who is to blame
//
// Frames are the truth. But where two or more of footer, index.fbati and
// index.ckpt agree with each other against a frame whose own checks hold, the
// frame is named. Of two that differ on a sequence, which frames do not hold,
// the third decides; without one it is the footer, the only one without a
// checksum. A trouble that explains another is reported alone: a frame whose payload
// has another digest is not also reported by everything that repeats the digest.
//
// # Chains that fork
//
// An event continues its entity's last event, hidden or not, or the last one
// that is not hidden by a cancelled fence. batpak 0.4.0 gives clock 0 and no
// previous hash to an append whose entity ends in an event of a fence; after a
// cancelled fence this is as it should be, elsewhere it is a note. Where the log
// has lost something between two events of an entity, the loss was
// reported and the chain begins again.
//
// # What nothing can prove
//
// The creation time in a segment's header, a wall clock or time stamp that is
// plausible, and a hidden range that was moved onto another event are in no
// second place. A frame that was re-sealed with another kind or other ids is
// found only where a footer or snapshot covers it.
package verify
