// Package event defines the types that all other packages use: ids, hashes,
// kinds, coordinates, positions and the event itself.
package event

// MaxBody is the size of the largest frame body: 256 MiB. A longer one is
// damage.
const MaxBody = 256 << 20

// Position says where an event's frame lies.
type Position struct {
	// Segment is the id of the segment, from 1.
	Segment uint64
	// Offset is the offset of the frame's first byte in the file.
	Offset uint64
	// Length is the frame's length in bytes, its 8-byte head included.
	Length uint32
}

// End returns the offset of the first byte after the frame. It wraps around for
// positions that were not checked.
func (p Position) End() uint64 { return p.Offset + uint64(p.Length) }

// Facts holds what an index knows of one event, without its names: everything
// but the payload, the flags and the event's own time.
type Facts struct {
	// Sequence is the event's number in the store, from 0. Sequences may have
	// gaps.
	Sequence uint64
	ID       ID
	// Correlation is the id of the conversation; the default is the event's own
	// id.
	Correlation ID
	// Causation is the id of the event that caused this one, zero for none.
	Causation ID
	Kind      Kind
	// WallMS is the entity's clock in ms since the Unix epoch: the event's own
	// time, [Event.TimestampUS], or the WallMS of the entity's previous event
	// where that is later. It never falls within an entity.
	WallMS uint64
	// Clock is the event's number within its entity, from 0.
	Clock     uint32
	PrevHash  Hash
	EventHash Hash
	Position  Position
}

// Event is one visible event without its payload. Its strings do not alias the
// store's files and stay valid.
type Event struct {
	Facts
	Coordinate
	// TimestampUS is the event's own time in µs since the Unix epoch, negative
	// before it. Only the event's frame has it; it is 0 unless Timed.
	TimestampUS int64
	// Timed reports whether TimestampUS is known: the event was read from its
	// frame, by Read, Get or a query that checks frames, and not from the index
	// alone.
	Timed bool
}

// Full is an event with the fields that only its frame has.
type Full struct {
	Event
	// PayloadSize is the size in bytes that the frame's header claims, 0 for a redacted event.
	PayloadSize uint32
	Flags       uint8
	ContentHash Hash
	// Meta is the event's metadata, empty if it has none. It stays valid, unlike the
	// payload of a loop over ReadEach.
	Meta Meta
	// Payload is the appended MessagePack. It is the caller's own copy from Read and Get.
	// From ReadEach it is valid until the loop's next step: clone it to keep it.
	Payload []byte
}

// Flag bits of [Full].
const (
	FlagRequiresAck   = 1
	FlagTransactional = 2
	FlagReplay        = 8
	// FlagRedacted, on an event without a payload or with nil as payload, says that its payload
	// and metadata were removed from the store. No append may set it.
	FlagRedacted = 0x80
)

// RedactedPayload is what a frame has in place of a payload that was removed: MessagePack's nil.
const RedactedPayload = "\xc0"

// Redacted reports whether a frame with these flags and this payload is that of an event that
// was redacted.
func Redacted(flags uint8, payload []byte) bool {
	return flags&FlagRedacted != 0 && (len(payload) == 0 || string(payload) == RedactedPayload)
}

// Redacted reports whether the event's payload and metadata were removed from the store. Its
// hashes are still those of the payload that it had.
func (f *Full) Redacted() bool { return Redacted(f.Flags, f.Payload) }

// Record is an index entry: an event's facts, and the numbers of its names in a
// string table.
type Record struct {
	Facts
	Entity, Scope uint32
}
