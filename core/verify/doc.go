// Package verify checks every byte of a store: the log against itself, and everything
// derived from the log against the log. It only reads and reports.
//
// [Run] reports two kinds of findings. A [damage.Damage] is a lie or a loss: bytes that
// cannot be what was written, in a segment or in a file that could be rebuilt. A [Note]
// is worth knowing and proves no damage: the torn end of the newest segment, a batch that
// was never committed, a gap in the sequences.
//
// # What is checked
//
//	names       every segment is a regular file under its own name
//	segments    header, frames and the bytes between them, by the rules of package replay
//	frames      content_hash = event_hash = digest of the payload; payload_size;
//	            the form of batch markers
//	chains      per entity: prev_hash, clock and wall clock continue its last event
//	footers     entry by entry against the frames; sequences rise
//	index.fbati accepted as an open accepts it, then record by record against the frames
//	index.ckpt  the same
//	ranges      the file decodes and lies below the next sequence
//	store.thaw  the file decodes
//	index.thaw  equals, byte by byte, the index built from the records, as does the index
//	            in a part file: an [index.Difference] names the first other byte
//	answers     an open shows what the frames hold
//
// # Which file is blamed
//
// The truth is what the frames say. An index image is index.fbati, the artifact in a part
// file, or index.ckpt. A footer entry or a record of an index image that repeats an event
// is a claim.
//
// A claim that differs from its frame is wrong. But if two or more claims agree with each
// other against a frame whose own checks hold, the frame is blamed. Frames do not hold
// sequences: of two claims that differ in the sequence a third decides, and without one
// the footer is blamed, which alone has no checksum.
//
// A cause is reported without its consequences. A frame that contradicts itself, such as
// one whose payload has another digest, makes its event suspect: no claim that repeats a
// suspect event is reported.
//
// # Chains that fork
//
// An event continues its entity's last event, hidden or not, or the last one that no
// cancelled fence hides. batpak 0.4.0 gives clock 0 and no previous hash to an append
// whose entity ends in an event of a fence; after a cancelled fence this is expected,
// elsewhere it is a note. If the log lost something between two events of an entity, the
// loss was reported and the chain begins again.
//
// # Missing events
//
// A segment whose header has segment.FlagExtract holds selected or salvaged events of another store, and
// one with segment.FlagCompacted lost some by a compaction. Each says so in a note, which
// counts the missing sequences. In such a segment an entity's first event may have any clock,
// and clocks may skip. So may those of its next event in a later segment, since what was
// removed may have been its last ones. Two events with neighbouring clocks must still continue
// one another, or are a fork.
//
// # What cannot be proved
//
// Nothing repeats the creation time in a segment's header, a wall clock or time stamp
// that is plausible, or which event a hidden range was meant for. A frame re-sealed with
// another kind or other ids is found only if a footer or an index image covers it.
package verify
