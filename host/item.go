package host

import (
	"time"

	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/event"
)

// Item is one event to append, in a batch or in a fence.
type Item struct {
	At   event.Coordinate
	Kind event.Kind
	// Payload is any value; see [Store.Append].
	Payload any
	Options []AppendOption
}

// Raw is a payload that is MessagePack already: one value, which is checked and
// stored as it is.
type Raw []byte

// AppendOption is a choice for one event. Of two that set the same thing the
// last one counts.
type AppendOption struct {
	what     option
	id       event.ID
	expected Expected
	number   int64
}

type option uint8

const (
	optExpect option = iota + 1
	optKey
	optCorrelation
	optCausation
	optCause
	optFlags
	optTime
	optReservedKind
)

// Expect makes the append fail with an *[ExpectError] unless the entity is in a
// state: [NoEvents], [AtClock], or [AnyState], the default. In a batch the items
// in front count.
func Expect(e Expected) AppendOption { return AppendOption{what: optExpect, expected: e} }

// WithKey makes id the event's id, and a repeated append with the same id harmless: it
// returns the receipt of the first, with Repeated set, also after a restart and
// whatever it expects. A repetition has the same entity, scope, kind and payload; any
// other append with the id is refused with a *[KeyError] that says what differs and
// which event has the id. Time, correlation, causation and flags are not compared:
// the event keeps those of the first append.
//
// Payloads are compared as they are stored, by their digest. [payload.Marshal] gives
// the same bytes for the same value, Go maps included. So keep what changes from one
// attempt to the next (the time of the attempt, a count of attempts) out of the
// payload, and use the same type with the same fields; a type that encodes itself
// must do so in one way. A [Raw] must be the same bytes.
func WithKey(id event.ID) AppendOption { return AppendOption{what: optKey, id: id} }

// Correlated puts the event into a conversation. Without it the event begins one
// of its own, under its own id. The zero id is refused with [ErrZeroID].
func Correlated(id event.ID) AppendOption { return AppendOption{what: optCorrelation, id: id} }

// CausedBy names the event that caused this one; it may be one of another store. The
// zero id is refused with [ErrZeroID]: an event without a cause goes without the option.
func CausedBy(id event.ID) AppendOption { return AppendOption{what: optCausation, id: id} }

// CausedByItem names an earlier item of the same batch or fence, counted from 0,
// as the cause.
func CausedByItem(i int) AppendOption { return AppendOption{what: optCause, number: int64(i)} }

// WithFlags sets event.FlagRequiresAck, FlagTransactional and FlagReplay.
func WithFlags(flags uint8) AppendOption {
	return AppendOption{what: optFlags, number: int64(flags)}
}

// WithTime gives the event another time than now, for events that are copied from
// elsewhere. It is kept in µs; all items of a batch must have the same.
func WithTime(t time.Time) AppendOption { return AppendOption{what: optTime, number: t.UnixMicro()} }

// AllowReservedKind lets the event have a kind of batpak's system or effects that has a
// name in package event, such as event.SystemInit (0x0001) or event.EffectAck
// (0xD004). Without it such a kind is refused with a *[KindError], since a kind made by
// iota would be taken for one. Other kinds in 0x0… and 0xD… are refused always.
func AllowReservedKind() AppendOption { return AppendOption{what: optReservedKind} }

// KeyOf makes a key for [WithKey] out of any text that names one append, such as
// the number of a request: the first 16 bytes of its BLAKE3 digest, so the same
// text gives the same key in every process, and two texts do not meet in practice. An
// empty text names nothing: its key is the zero id, with which every append is
// refused as [ErrZeroID].
func KeyOf(text string) (id event.ID) {
	if text == "" {
		return event.ID{}
	}
	digest := blake3.Sum256([]byte(text))
	copy(id[:], digest[:])
	return id
}
