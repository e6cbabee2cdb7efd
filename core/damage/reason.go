// Package damage holds the ways in which a store's files can be wrong: the
// stable names of the reasons, the refusal of a file that can be done without,
// and the loss of bytes that nothing else holds.
package damage

// Reason is why a file, or a part of one, was not taken. Its text is its
// stable name: programs may compare it, and errors.Is finds it in a [Refusal]
// and in a [Damage].
type Reason string

// Error returns the name, so that a Reason can be matched with errors.Is.
func (r Reason) Error() string { return string(r) }

// Reasons that any file can have.
const (
	// Unreadable: the file is there and could not be opened or read, which says
	// nothing about its bytes. It is a reason only of a [Refusal], of a file that can
	// be done without; without others there is no answer, and the error is a
	// source.ReadError instead.
	Unreadable Reason = "unreadable"
	// Short: fewer bytes than the fixed head of the format.
	Short Reason = "short"
	// Magic: the first bytes are not those of the format.
	Magic Reason = "magic"
	// Version: the format's version is not the one this program knows.
	Version Reason = "version"
	// Checksum: the CRC does not fit the bytes.
	Checksum Reason = "checksum"
	// NotRegular: a directory, link or device stands where a file should.
	NotRegular Reason = "not_regular"
)

// Reasons for which a snapshot of the index (index.fbati or index.ckpt) is
// refused.
const (
	// Overflow: the lengths in the header add up to more than 2^63.
	Overflow Reason = "overflow"
	// Length: the lengths in the header do not add up to the file's.
	Length Reason = "length"
	// WatermarkSegmentMissing: there is no segment of the watermark's id.
	WatermarkSegmentMissing Reason = "watermark_segment_missing"
	// WatermarkPastEnd: the watermark lies behind the end of its segment.
	WatermarkPastEnd Reason = "watermark_past_end"
	// WatermarkPosition: the watermark does not lie between two frames, or lies
	// before a record.
	WatermarkPosition Reason = "watermark_position"
	// Body: the MessagePack body is not what the format says.
	Body Reason = "body"
	// Strings: the string table is not an array of strings with "" in front and
	// distinct valid names behind it.
	Strings Reason = "strings"
	// StringCount: the string table holds another number of strings than the
	// header says.
	StringCount Reason = "string_count"
	// EntityIndex: a record's entity is not in the string table.
	EntityIndex Reason = "entity_index"
	// ScopeIndex: a record's scope is not in the string table.
	ScopeIndex Reason = "scope_index"
	// Coordinate: a record's entity or scope is not a valid name.
	Coordinate Reason = "coordinate"
	// Order: the records' sequences do not strictly rise.
	Order Reason = "order"
	// Allocator: the allocator is not above every sequence, or above 2^63.
	Allocator Reason = "allocator"
	// Kind: a record has the kind of a batch marker.
	Kind Reason = "kind"
	// Position: a record's frame does not lie behind the one before, inside a
	// segment that is there.
	Position Reason = "position"
	// Disagrees: a record or footer entry says other than the frame it names.
	Disagrees Reason = "disagrees"
	// Records: more records than tables can number (2^32-2).
	Records Reason = "records"
	// Incomplete: it leaves out events that the segments it covers hold.
	Incomplete Reason = "incomplete"
)

// Reasons of segments.
const (
	// Header: the segment's header is not the map the format asks for.
	Header Reason = "header"
	// SegmentID: the header names another segment than the file name, so the
	// file is a copy or was renamed.
	SegmentID Reason = "segment_id"
	// Frame: bytes in the middle of a segment are no frame.
	Frame Reason = "frame"
	// Effort: so much of the file begins like a frame and is none that the rest was
	// not looked at.
	Effort Reason = "effort"
	// FrameBody: a frame's checksum holds, and its body is not an event.
	FrameBody Reason = "frame_body"
	// FrameLength: a frame is whole and only its length field is wrong.
	FrameLength Reason = "frame_length"
	// Torn: a frame is cut short, and it is not the end of the newest segment.
	Torn Reason = "torn"
	// Batch: a committed batch is not whole, so none of it is shown.
	Batch Reason = "batch"
	// Lost: a sound snapshot of the index lists events that no segment holds any
	// more.
	Lost Reason = "lost"
	// Shortened: the segment is shorter than was known to be on disk.
	Shortened Reason = "shortened"
	// SegmentMissing: no file for an id between two that are there.
	SegmentMissing Reason = "segment_missing"
	// Footer: the footer does not say what the frames say; it is not used.
	Footer Reason = "footer"
	// PayloadHash: the payload does not have the digest that was recorded.
	PayloadHash Reason = "payload_hash"
	// Chain: the previous hash, the clock or the wall clock does not continue
	// the entity's previous event.
	Chain Reason = "chain"
	// SequenceGap: footers leave out sequence numbers. It can be the trace of a
	// failed append and is told, since nothing else can prove it.
	SequenceGap Reason = "sequence_gap"
)

// Reasons of visibility_ranges.fbv.
const (
	// Ranges: a range is empty, unsorted or overlaps the one before.
	Ranges Reason = "ranges"
	// Renumbered: batpak gave sequences out again, so a range can name more than one
	// event. All of them are hidden, but for those that thaw is known to have written.
	// The damage lists the events that are hidden and may not have been cancelled.
	Renumbered Reason = "renumbered"
)

// Reasons of the lookups.
const (
	// Lookups: a table does not lead to every record it should.
	Lookups Reason = "lookups"
	// Stale: index.thaw belongs to another index.fbati, or a part file goes on
	// where no part in front of it ends.
	Stale Reason = "stale"
	// Segments: the segments that are there are not those that the lookups were
	// made over.
	Segments Reason = "segments"
)
