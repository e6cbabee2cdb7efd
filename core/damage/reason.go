// Package damage describes what can be wrong with a store's files: the stable
// names of the reasons, the refusal of a file that can be rebuilt, and the loss
// of bytes that exist nowhere else.
package damage

// Reason says why a file, or a part of one, was not used. Its text is a stable
// name: programs may compare it, and errors.Is finds it in a [Refusal] and in a
// [Damage].
type Reason string

// Error returns the name. With it, errors.Is can match a Reason.
func (r Reason) Error() string { return string(r) }

// Reasons that any file can have.
const (
	// Unreadable: the file exists but could not be opened or read; nothing is
	// known of its bytes. Only a [Refusal] has this reason. For a file that the
	// store cannot do without, the error is a source.ReadError instead.
	Unreadable Reason = "unreadable"
	// Short: the file is shorter than the fixed head of the format.
	Short Reason = "short"
	// Magic: the first bytes are not those of the format.
	Magic Reason = "magic"
	// Version: this program does not know the version of the format.
	Version Reason = "version"
	// Checksum: the CRC does not match the bytes.
	Checksum Reason = "checksum"
	// NotRegular: the name is a directory, link or device, not a regular file.
	NotRegular Reason = "not_regular"
)

// Reasons for refusing an index image (index.fbati or index.ckpt).
const (
	// Overflow: the lengths in the header add up to more than 2^63.
	Overflow Reason = "overflow"
	// Length: the lengths in the header do not add up to the length of the
	// file.
	Length Reason = "length"
	// WatermarkSegmentMissing: the segment of the watermark does not exist.
	WatermarkSegmentMissing Reason = "watermark_segment_missing"
	// WatermarkPastEnd: the watermark lies after the end of its segment.
	WatermarkPastEnd Reason = "watermark_past_end"
	// WatermarkPosition: the watermark does not lie between two frames, or lies
	// before a record.
	WatermarkPosition Reason = "watermark_position"
	// Body: the MessagePack body does not have the form that the format
	// requires.
	Body Reason = "body"
	// Strings: the string table is not an array of "" followed by distinct
	// valid names.
	Strings Reason = "strings"
	// StringCount: the string table and the header differ in the number of
	// strings.
	StringCount Reason = "string_count"
	// EntityIndex: a record's entity is not in the string table.
	EntityIndex Reason = "entity_index"
	// ScopeIndex: a record's scope is not in the string table.
	ScopeIndex Reason = "scope_index"
	// Coordinate: a record's entity or scope is not a valid name.
	Coordinate Reason = "coordinate"
	// Order: the records' sequences do not strictly rise.
	Order Reason = "order"
	// Allocator: the next sequence is not above every sequence, or is above
	// 2^63.
	Allocator Reason = "allocator"
	// Kind: a record has the kind of a batch marker.
	Kind Reason = "kind"
	// Position: a record's frame does not lie after the one before, inside an
	// existing segment.
	Position Reason = "position"
	// Disagrees: a record or footer entry contradicts the frame it names.
	Disagrees Reason = "disagrees"
	// Records: there are more records than an index can number (2^32-2).
	Records Reason = "records"
	// Incomplete: the file lacks events of the segments that it covers.
	Incomplete Reason = "incomplete"
)

// Reasons of segments.
const (
	// Header: the segment's header is not the map that the format requires.
	Header Reason = "header"
	// SegmentID: the header and the file name differ in the segment id: the
	// file is a copy or was renamed.
	SegmentID Reason = "segment_id"
	// Frame: bytes in the middle of a segment are not a frame.
	Frame Reason = "frame"
	// Effort: too much of the file looks like the start of a frame and is not
	// one, so the rest was not read.
	Effort Reason = "effort"
	// FrameBody: the checksum of a frame matches, but its body is not an event.
	FrameBody Reason = "frame_body"
	// FrameLength: a frame is whole, and only its length field is wrong.
	FrameLength Reason = "frame_length"
	// Torn: a frame is cut short, and it is not at the end of the newest
	// segment.
	Torn Reason = "torn"
	// Batch: a committed batch is not whole, so none of its events are visible.
	Batch Reason = "batch"
	// Lost: a sound index image lists events that no segment holds any more.
	Lost Reason = "lost"
	// Shortened: the segment is shorter than was known to be on disk.
	Shortened Reason = "shortened"
	// SegmentMissing: no file exists for an id between two existing segments.
	SegmentMissing Reason = "segment_missing"
	// Footer: the footer contradicts the frames and is not used.
	Footer Reason = "footer"
	// PayloadHash: the payload does not have the recorded digest.
	PayloadHash Reason = "payload_hash"
	// Chain: the previous hash, the clock or the wall clock does not continue
	// the entity's previous event.
	Chain Reason = "chain"
	// SequenceGap: footers skip sequence numbers. A failed append can leave
	// such a gap; it is reported because nothing else can prove that.
	SequenceGap Reason = "sequence_gap"
)

// Reasons of visibility_ranges.fbv.
const (
	// Ranges: a range is empty, unsorted or overlaps the one before.
	Ranges Reason = "ranges"
	// Renumbered: batpak gave out sequences a second time, so a range can name
	// more than one event. All of them are hidden, except those that thaw is
	// known to have written. The damage lists the hidden events that may not
	// have been cancelled.
	Renumbered Reason = "renumbered"
)

// Lineage: store.thaw has a valid checksum, and an origin or a removal that cannot be.
const Lineage Reason = "lineage"

// Reasons of the index: index.thaw and the part files.
const (
	// Lookups: the index does not lead to every record it should.
	Lookups Reason = "lookups"
	// Stale: index.thaw belongs to another index.fbati, or a part file does not
	// begin where another one ends.
	Stale Reason = "stale"
	// Segments: the existing segments are not those that the index was built
	// from.
	Segments Reason = "segments"
)
