package commit

import (
	"errors"
	"strconv"
	"strings"

	"github.com/thawlog/thaw/core/event"
)

// Errors for errors.Is. An append that returns one staged nothing.
var (
	// ErrConflict is the class of every [ExpectError], and of every [ConditionError] that
	// is not of [ErrBatchCondition]: read again, decide again and retry.
	ErrConflict = errors.New("thaw: the append conflicts with an earlier one")
	// ErrKey is the class of every [KeyError].
	ErrKey = errors.New("thaw: the idempotency key was used for something else")
	// ErrLimit is the class of every [LimitError].
	ErrLimit = errors.New("thaw: a limit is exceeded")
	// ErrKind is the class of every [KindError].
	ErrKind = errors.New("thaw: the kind is reserved")
	// ErrTime: the time is before 1970, or 2^53 ms or more after it.
	ErrTime = errors.New("thaw: the time is not between 1970 and 2^53 ms later")
	// ErrZeroID: an append or a query names an event, a cause or a conversation by the
	// zero id, which stands for none.
	ErrZeroID = errors.New("thaw: the zero id stands for none")
	// errPayload: the payload is empty. A payload is one MessagePack value, at least
	// one byte.
	errPayload = errors.New("thaw: the payload is empty")
	// ErrCause: an item of a batch names itself or a later item as its cause.
	ErrCause = errors.New("thaw: the cause of an item is not an earlier item")
	// ErrFlags: an undefined flag is set.
	ErrFlags = errors.New("thaw: an undefined flag is set")
	// ErrBatchCondition: an earlier item of a batch breaks the condition of a later one, so
	// the batch can never be appended.
	ErrBatchCondition = errors.New("thaw: an earlier item of the batch breaks the condition of a later one; give it to the first item")
	// ErrNoRegion: a condition has no region, so it would always hold.
	ErrNoRegion = errors.New("thaw: a condition needs a region")
	// ErrRegion: a region of a condition has bounds of time, which it cannot have: the
	// index does not hold an event's own time.
	ErrRegion = errors.New("thaw: a region of a condition cannot have bounds of time")
	// ErrNotRepetition: an append that may only repeat an earlier one does not.
	ErrNotRepetition = errors.New("thaw: the append repeats no earlier one")
	// ErrBatchTime: the items of a batch have different times.
	ErrBatchTime = errors.New("thaw: the items of a batch must have the same time")
)

// KindError reports a kind that the event must not have: it lies in the system's (0x0)
// or the effects' (0xD) category.
type KindError struct {
	Kind event.Kind
	// Named says that the kind has a name there: an append may use it if it allows
	// reserved kinds. Batch markers and kinds that batpak would not preserve are
	// always refused.
	Named bool
}

// Error names the kind and the ranges for applications.
func (e *KindError) Error() string {
	return ErrKind.Error() + ": " + e.Kind.String() + "; 0x1000 to 0xCFFF and 0xE000 to 0xFFFF are free"
}

// Unwrap returns ErrKind.
func (e *KindError) Unwrap() error { return ErrKind }

// NameError reports an invalid name in a coordinate.
type NameError struct {
	// Part is "entity" or "scope".
	Part string
	// Err is one of the name errors of package event.
	Err error
}

// Error names the part and the reason.
func (e *NameError) Error() string { return "thaw: " + e.Part + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *NameError) Unwrap() error { return e.Err }

// ExpectError reports an entity that was not in the expected state.
type ExpectError struct {
	Entity   string
	Expected Expected
	Actual   State
}

// Error names the entity, the expected and the actual state.
func (e *ExpectError) Error() string {
	return "thaw: entity " + strconv.Quote(e.Entity) + ": expected " + e.Expected.String() + ", is at " + e.Actual.String()
}

// Unwrap returns ErrConflict.
func (e *ExpectError) Unwrap() error { return ErrConflict }

// ConditionError reports a [Condition] that does not hold, by the first event that is in
// one of its regions.
type ConditionError struct {
	// From is the lowest sequence that counted.
	From uint64
	// Region is the index of the first region that the event is in.
	Region int
	// ID, Sequence, At and Kind describe the event.
	ID       event.ID
	Sequence uint64
	At       event.Coordinate
	Kind     event.Kind
	// InBatch says that the event is an earlier item of the batch itself, so that the batch
	// can never be appended: give the condition to its first item.
	InBatch bool
}

// Error names the region and the event.
func (e *ConditionError) Error() string {
	if e.InBatch {
		return ErrBatchCondition.Error() + ": region " + strconv.Itoa(e.Region) + ", entity " +
			strconv.Quote(e.At.Entity) + ", scope " + strconv.Quote(e.At.Scope) + ", kind " + e.Kind.String()
	}
	return "thaw: an event since sequence " + strconv.FormatUint(e.From, 10) + " is in region " + strconv.Itoa(e.Region) +
		" of the condition: " + e.ID.String() + " with sequence " + strconv.FormatUint(e.Sequence, 10) + " and kind " + e.Kind.String() +
		", entity " + strconv.Quote(e.At.Entity) + ", scope " + strconv.Quote(e.At.Scope)
}

// Unwrap returns ErrConflict, or ErrBatchCondition with InBatch.
func (e *ConditionError) Unwrap() error {
	if e.InBatch {
		return ErrBatchCondition
	}
	return ErrConflict
}

// String returns "no events" or "clock N".
func (s State) String() string {
	if !s.Some {
		return "no events"
	}
	return "clock " + strconv.FormatUint(uint64(s.Clock), 10)
}

// KeyError reports an append that does not repeat the event with its key. One of
// Differs, Cancelled, Partial and Twice is set.
type KeyError struct {
	ID event.ID
	// Sequence is that of the event with the key; unused with Twice.
	Sequence uint64
	// Differs lists which of "entity", "scope", "kind" and "payload" differ, in this
	// order.
	Differs []string
	// Removed says that a tombstone took the place of the event; its kind is not known.
	Removed bool
	// Cancelled says that the event was cancelled with its fence.
	Cancelled bool
	// Partial says that other items of the same batch have no key, or one that no event has.
	Partial bool
	// Twice says that two items of the batch have the key.
	Twice bool
}

// Error names the key, the event and the conflict.
func (e *KeyError) Error() string {
	s := "thaw: key " + e.ID.String()
	if e.Twice {
		return s + " occurs twice in this batch"
	}
	s += " belongs to the event with sequence " + strconv.FormatUint(e.Sequence, 10)
	switch {
	case e.Cancelled:
		return s + ", which was cancelled"
	case e.Partial:
		return s + ", but not every item of this batch has a key that exists"
	}
	if e.Removed {
		return s + ", which was removed (a tombstone is in its place) and had another " + strings.Join(e.Differs, " and another ")
	}
	return s + ", which has another " + strings.Join(e.Differs, " and another ")
}

// Unwrap returns ErrKey.
func (e *KeyError) Unwrap() error { return ErrKey }

// LimitError reports an append that exceeds a limit.
type LimitError struct {
	// What names the limited quantity, such as "payload bytes".
	What string
	// Got is the requested value, Max the highest allowed one.
	Got, Max uint64
}

// Error names the quantity, the value and the limit.
func (e *LimitError) Error() string {
	return "thaw: " + e.What + ": " + strconv.FormatUint(e.Got, 10) + ", at most " + strconv.FormatUint(e.Max, 10)
}

// Unwrap returns ErrLimit.
func (e *LimitError) Unwrap() error { return ErrLimit }

// ItemError is an error about one item of a batch.
type ItemError struct {
	// Item is the index of the item, from 0.
	Item int
	Err  error
}

// Error names the item and the cause.
func (e *ItemError) Error() string { return "item " + strconv.Itoa(e.Item) + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ItemError) Unwrap() error { return e.Err }
