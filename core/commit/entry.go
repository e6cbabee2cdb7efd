package commit

import (
	"github.com/thawlog/thaw/core/event"
)

// Limits of an append. batpak 0.4.0 reads everything within them.
const (
	// MaxPayload is the largest payload in bytes. A frame takes up to twice as many.
	MaxPayload = 64 << 20
	// MaxBatch is the largest number of events in a batch.
	MaxBatch = 1 << 16
	// MaxBatchBytes bounds the total bytes of payloads and metadata in a batch, so that
	// its frames fit into memory twice.
	MaxBatchBytes = 64 << 20
	// MaxWallMS is the first time that is refused, in ms since the Unix epoch: 2^53,
	// up to which JavaScript represents every integer.
	MaxWallMS = 1 << 53
)

// Entry is one event to append. The log reads its slices while staging it and does not
// retain them.
type Entry struct {
	event.Coordinate
	Kind event.Kind
	// ReservedKind allows a Kind with a name in the system's (0x0) and the effects'
	// (0xD) categories.
	ReservedKind bool
	Payload      []byte
	// Hash is the BLAKE3-256 digest of Payload.
	Hash event.Hash
	// Sealed says that the host has encrypted the payload, or found that it need not.
	Sealed bool
	// ID is the event's id. Key says that the caller chose it as an idempotency key.
	ID  event.ID
	Key bool
	// Correlation is the conversation's id; zero stands for the event's own id.
	Correlation event.ID
	// Causation is the id of the event that caused this one, zero for none.
	Causation event.ID
	// Cause, in a batch, is the index of the earlier item that caused this one, plus
	// one; 0 leaves Causation unchanged.
	Cause int
	Flags uint8
	// Meta is the event's metadata.
	Meta event.Meta
	// Expected is the required state of the entity.
	Expected Expected
	// Conditions must all hold.
	Conditions []*Condition
	// TimeUS is the event's time in µs since the Unix epoch if Timed is set, else the
	// event has the group's time. All items of a batch must have the same time.
	TimeUS int64
	Timed  bool
	// Repetition refuses the event with ErrNotRepetition unless the append is a repetition:
	// it gets the first receipts and can write nothing.
	Repetition bool
	// Attached, for the last items of a batch, says that they are not part of the append
	// that a repetition repeats: the items before them are compared alone, and only they get
	// receipts then.
	Attached bool
}

// Receipt describes the event that an append stored or repeated.
type Receipt struct {
	ID       event.ID
	Sequence uint64
	Clock    uint32
	Position event.Position
	// Repeated says that an earlier append stored the event under the same key.
	Repeated bool
}

// Expected is the state that an append requires of its entity: any, no visible event,
// or a last visible event with a given clock. The zero Expected is [Any].
type Expected struct {
	limited, some bool
	clock         uint32
}

// Expectations without a clock.
var (
	Any      = Expected{}
	NoEvents = Expected{limited: true}
)

// AtClock requires that the entity's last visible event has clock n.
func AtClock(n uint32) Expected { return Expected{limited: true, some: true, clock: n} }

// State is an entity as readers see it. Some says that it has visible events; Clock is
// then the last one's.
type State struct {
	Some  bool
	Clock uint32
}

// met reports whether s satisfies e.
func (e Expected) met(s State) bool {
	return !e.limited || e.some == s.Some && (!s.Some || e.clock == s.Clock)
}

// String returns "any state", "no events" or "clock N".
func (e Expected) String() string {
	if !e.limited {
		return "any state"
	}
	return State{Some: e.some, Clock: e.clock}.String()
}
