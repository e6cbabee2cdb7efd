package commit

import (
	"github.com/thawlog/thaw/core/event"
)

// Limits of what can be appended. batpak 0.4.0 reads all of it.
const (
	// MaxPayload is the largest payload in bytes. In a frame it takes up to twice
	// as much.
	MaxPayload = 64 << 20
	// MaxBatch is the highest number of events in a batch.
	MaxBatch = 1 << 16
	// MaxBatchBytes bounds the payloads of a batch together, so that its frames
	// fit into memory twice.
	MaxBatchBytes = 64 << 20
	// MaxWallMS is the first time, in ms since the Unix epoch, that is not
	// accepted: 2^53, the last number that JavaScript counts to.
	MaxWallMS = 1 << 53
)

// Entry is one event to append. Its slices are read while it is staged and not
// kept.
type Entry struct {
	event.Coordinate
	Kind event.Kind
	// ReservedKind allows a Kind that has a name in the system's (0x0) and the effects'
	// (0xD) categories.
	ReservedKind bool
	Payload      []byte
	// Hash is the BLAKE3-256 digest of Payload.
	Hash event.Hash
	// ID is the event's id. With Key set the caller chose it, and it is an
	// idempotency key.
	ID  event.ID
	Key bool
	// Correlation is the conversation, zero for the event's own id.
	Correlation event.ID
	// Causation is the event that caused this one, zero for none.
	Causation event.ID
	// Cause, in a batch, is one more than the number of the earlier item that
	// caused this one; 0 leaves Causation as it is.
	Cause int
	Flags uint8
	// Expected is what the entity's state must be.
	Expected Expected
	// TimeUS, with Timed set, is the event's time instead of the group's, in µs
	// since the Unix epoch. In a batch all items must have the same.
	TimeUS int64
	Timed  bool
}

// Receipt says where an append went.
type Receipt struct {
	ID       event.ID
	Sequence uint64
	Clock    uint32
	Position event.Position
	// Repeated says that the event was there already, under the same key.
	Repeated bool
}

// Expected is what an append asks of its entity before it: nothing, that it has
// no visible event, or that its last visible event has a given clock. The zero
// Expected is [Any].
type Expected struct {
	limited, some bool
	clock         uint32
}

// Expectations without a number.
var (
	Any      = Expected{}
	NoEvents = Expected{limited: true}
)

// AtClock expects that the entity's last visible event has the clock n.
func AtClock(n uint32) Expected { return Expected{limited: true, some: true, clock: n} }

// State is what readers see of an entity: Some says that it has events, Clock is
// then the last one's.
type State struct {
	Some  bool
	Clock uint32
}

// Met reports whether s is what e asks for.
func (e Expected) Met(s State) bool {
	return !e.limited || e.some == s.Some && (!s.Some || e.clock == s.Clock)
}

// String is "any state", "no events" or "clock N".
func (e Expected) String() string {
	if !e.limited {
		return "any state"
	}
	return State{e.some, e.clock}.String()
}
