// Package event holds the words every other package uses: ids, hashes, kinds,
// coordinates, positions and the event itself.
package event

// MaxBody is the largest frame body in bytes: 256 MiB. A longer one is corrupt.
const MaxBody = 256 << 20

// Position says where an event's frame lies.
type Position struct {
	// Segment is the id of the segment, from 1.
	Segment uint64
	// Offset is the frame's first byte, counted from the start of the file.
	Offset uint64
	// Length is the frame's length in bytes, its 8-byte head included.
	Length uint32
}

// End is the offset of the first byte after the frame. It wraps round for
// positions that were not checked.
func (p Position) End() uint64 { return p.Offset + uint64(p.Length) }

// Facts is what an index knows of one event apart from its names: everything
// but the payload, the flags and the event's own time.
type Facts struct {
	// Sequence is the event's number in the store, from 0; it may have holes.
	Sequence uint64
	ID       ID
	// Correlation is the id of the conversation, by default the event's own.
	Correlation ID
	// Causation is the id of the event that caused this one, zero for none.
	Causation ID
	Kind      Kind
	// WallMS is the entity's clock in ms since the Unix epoch: the event's own time,
	// or the WallMS of the entity's previous event where that is later. It never
	// falls within an entity, so it can be later than the event's own time, which is
	// [Event.TimestampUS].
	WallMS uint64
	// Clock is the event's number within its entity, from 0.
	Clock     uint32
	PrevHash  Hash
	EventHash Hash
	Position  Position
}

// Event is one visible event without its payload. Its strings do not alias the
// store's files and stay valid for ever.
type Event struct {
	Facts
	Coordinate
	// TimestampUS is the event's own time in µs since the Unix epoch, negative before
	// it. Only the event's frame has it, so it is 0 unless Timed.
	TimestampUS int64
	// Timed reports that TimestampUS is known: the event was read from its frame, by
	// Read, Get or a query that checks frames, and not from the index alone.
	Timed bool
}

// Full is an event with what only its frame knows.
type Full struct {
	Event
	// PayloadSize is the size that the frame's header claims, in bytes.
	PayloadSize uint32
	Flags       uint8
	ContentHash Hash
	// Payload is the caller's own copy: MessagePack, as it was appended.
	Payload []byte
}

// Flag bits of [Full].
const (
	FlagRequiresAck   = 1
	FlagTransactional = 2
	FlagReplay        = 8
)

// Record is an index entry: an event's facts and the numbers of its names in a
// string table.
type Record struct {
	Facts
	Entity, Scope uint32
}
