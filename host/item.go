package host

import (
	"fmt"
	"time"

	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host/payload"
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

// entry makes e of the arguments of an append. The payload is encoded, checked
// and copied, so that the caller may reuse its bytes whatever becomes of the
// append.
func (s *Store) entry(e *commit.Entry, at event.Coordinate, kind event.Kind, value any, options []AppendOption) error {
	var err error
	*e = commit.Entry{Coordinate: at, Kind: kind}
	if e.Payload, err = encodePayload(value); err != nil {
		return err
	}
	e.Hash = blake3.Sum256(e.Payload)
	for _, o := range options {
		switch o.what {
		case optExpect:
			e.Expected = o.expected
		case optKey:
			e.ID, e.Key = o.id, true
		case optCorrelation:
			if err := commit.CheckID(o.id); err != nil {
				return fmt.Errorf("correlation: %w", err)
			}
			e.Correlation = o.id
		case optCausation:
			if err := commit.CheckID(o.id); err != nil {
				return fmt.Errorf("causation: %w", err)
			}
			e.Causation, e.Cause = o.id, 0
		case optCause:
			if o.number < 0 || o.number > commit.MaxBatch {
				return commit.ErrCause
			}
			e.Causation, e.Cause = event.ID{}, int(o.number)+1
		case optFlags:
			e.Flags = uint8(o.number)
		case optTime:
			e.TimeUS, e.Timed = o.number, true
		case optReservedKind:
			e.ReservedKind = true
		}
	}
	if !e.Key {
		e.ID = s.ids.next(s.options.Now().UnixMilli(), s.options.Random())
	}
	return nil
}

// entries is entry for several items, of which it stops behind the one with which
// the payloads come to more than most bytes: items may share one payload, of
// which every entry has a copy. With an *[ItemError] it returns those in front of
// the item.
func (s *Store) entries(items []Item, most uint64) (entries []commit.Entry, bytes uint64, err error) {
	entries = make([]commit.Entry, len(items))
	for i := range items {
		it := &items[i]
		if err := s.entry(&entries[i], it.At, it.Kind, it.Payload, it.Options); err != nil {
			return entries[:i], bytes, &ItemError{Item: i, Err: err}
		}
		if bytes += uint64(len(entries[i].Payload)); bytes > most {
			return entries[:i+1], bytes, nil
		}
	}
	return entries, bytes, nil
}

func encodePayload(value any) ([]byte, error) {
	raw, ok := value.(Raw)
	if !ok {
		return payload.Marshal(value)
	}
	if len(raw) > commit.MaxPayload {
		return nil, &LimitError{What: "payload bytes", Got: uint64(len(raw)), Max: commit.MaxPayload}
	}
	if err := payload.Check(raw); err != nil {
		return nil, err
	}
	return append([]byte(nil), raw...), nil
}
