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

// Raw is a payload already in MessagePack: one value, which an append checks and stores
// unchanged.
type Raw []byte

// AppendOption is an option for one event. The last of several that set the same property
// wins; of [Unless] all count.
type AppendOption struct {
	what     option
	id       event.ID
	expected Expected
	number   int64
	meta     event.Meta

	condition *condition
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
	optMeta
	optUnless
)

// Expect makes the append fail with an *[ExpectError] unless the entity is in state e:
// [NoEvents], [AtClock], or [AnyState], the default. Earlier items of a batch count.
func Expect(e Expected) AppendOption { return AppendOption{what: optExpect, expected: e} }

// WithKey makes id the event's id and the append idempotent: a repetition with the same id
// returns the receipt of the first append with Repeated set, even after a restart, and
// ignores [Expect]. A repetition has the same entity, scope, kind and payload; any other
// append with the id fails with a *[KeyError] that reports the difference and the event with
// the id. Time, correlation, causation, metadata and flags are not compared: the event keeps
// those of the first append.
//
// A batch or fence is safe to repeat if every item has a key. If only some items have keys of
// existing events, it fails with a *[KeyError].
//
// The digests of the stored payloads are compared. [payload.Marshal] returns the same bytes
// for the same value, including Go maps. So keep data that changes between attempts (their
// time, their number) out of the payload, and use the same type with the same fields. A type
// that encodes itself must do so deterministically. A [Raw] must have the same bytes.
func WithKey(id event.ID) AppendOption { return AppendOption{what: optKey, id: id} }

// Correlated adds the event to a conversation. Without it the event begins one under its own
// id. The zero id is refused with [ErrZeroID].
func Correlated(id event.ID) AppendOption { return AppendOption{what: optCorrelation, id: id} }

// CausedBy names the event that caused this one, which may be in another store. The zero id
// is refused with [ErrZeroID]: omit the option for an event without a cause.
func CausedBy(id event.ID) AppendOption { return AppendOption{what: optCausation, id: id} }

// CausedByItem names an earlier item of the same batch or fence, counted from 0, as the
// cause.
func CausedByItem(i int) AppendOption { return AppendOption{what: optCause, number: int64(i)} }

// WithFlags sets event.FlagRequiresAck, FlagTransactional and FlagReplay.
func WithFlags(flags uint8) AppendOption {
	return AppendOption{what: optFlags, number: int64(flags)}
}

// WithTime sets the event's time, for events copied from another system. The default is
// now. It is stored in µs; all items of a batch must have the same time.
func WithTime(t time.Time) AppendOption { return AppendOption{what: optTime, number: t.UnixMicro()} }

// WithMeta gives the event metadata: what is known of it besides its payload, such as who
// acted, in which request, in which trace.
//
//	host.WithMeta(event.NewMeta(map[string]string{event.MetaActor: "user:7", "tenant": "eu"}))
//
// Reads return it as [event.Full].Meta, which can be given to the events that follow from
// this one. Metadata that exceeds a limit is refused with a *[MetaError]. It counts as
// payload bytes do towards the limit of a batch. It is stored beside the payload and protected
// by the frame's checksum, but is not part of the event's hash.
func WithMeta(m event.Meta) AppendOption { return AppendOption{what: optMeta, meta: m} }

// Meta returns the metadata that [WithMeta] was given; ok is false for any other option. With
// it, a package that makes items can add entries to those of its caller.
func (o AppendOption) Meta() (m event.Meta, ok bool) { return o.meta, o.what == optMeta }

// AllowReservedKind allows a kind of batpak's system or effects that has a name in package
// event, such as event.SystemInit (0x0001) or event.EffectAck (0xD004). Without it such a
// kind is refused with a *[KindError], since a kind made by iota could be mistaken for one.
// Other kinds in 0x0… and 0xD… are always refused.
func AllowReservedKind() AppendOption { return AppendOption{what: optReservedKind} }

// KeyOf returns a key for [WithKey] from a text that names one append, such as a request
// number: the first 16 bytes of its BLAKE3 digest. The same text gives the same key in every
// process, and two texts do not collide in practice. An empty text gives the zero id, with
// which every append fails with [ErrZeroID].
func KeyOf(text string) (id event.ID) {
	if text == "" {
		return event.ID{}
	}
	digest := blake3.Sum256([]byte(text))
	copy(id[:], digest[:])
	return id
}
