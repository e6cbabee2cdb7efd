package commit

import (
	"errors"
	"strconv"
	"strings"

	"github.com/thawlog/thaw/core/event"
)

// Classes of errors, for errors.Is. Nothing was staged when one is returned.
var (
	// ErrConflict is the class of every [ExpectError].
	ErrConflict = errors.New("thaw: the entity is not in the expected state")
	// ErrKey is the class of every [KeyError].
	ErrKey = errors.New("thaw: the idempotency key was used for something else")
	// ErrLimit is the class of every [LimitError].
	ErrLimit = errors.New("thaw: a limit is exceeded")
	// ErrKind is the class of every [KindError].
	ErrKind = errors.New("thaw: the kind is reserved")
	// ErrTime: the time is before 1970, or too far ahead to be one.
	ErrTime = errors.New("thaw: the time is not between 1970 and 2^53 ms later")
	// ErrZeroID: an append or a question names an event, a cause or a conversation by
	// the zero id, which stands for none.
	ErrZeroID = errors.New("thaw: the zero id stands for none")
	// errPayload: no payload. A payload is one MessagePack value, so at least a
	// byte.
	errPayload = errors.New("thaw: the payload is empty")
	// ErrCause: an item of a batch is caused by itself or a later one.
	ErrCause = errors.New("thaw: an item is caused by one that is not in front of it")
	// ErrFlags: a flag that has no meaning.
	ErrFlags = errors.New("thaw: a flag without a meaning is set")
	// ErrBatchTime: the items of a batch have different times.
	ErrBatchTime = errors.New("thaw: the items of a batch must have one time")
)

// KindError says that an event may not have a kind: it lies in the system's (0x0) or
// the effects' (0xD) category.
type KindError struct {
	Kind event.Kind
	// Named says that the kind has a name there, so that an append which allows
	// reserved kinds can have it. Others are never taken: batch markers, and kinds
	// that batpak would not keep.
	Named bool
}

// Error names the kind and the ranges that are free.
func (e *KindError) Error() string {
	return ErrKind.Error() + ": " + e.Kind.String() + "; 0x1000 to 0xCFFF and 0xE000 to 0xFFFF are free"
}

// Unwrap returns ErrKind.
func (e *KindError) Unwrap() error { return ErrKind }

// NameError says which part of a coordinate is no name.
type NameError struct {
	// Part is "entity" or "scope".
	Part string
	// Err is one of the name errors of package event.
	Err error
}

// Error names the part and the rule.
func (e *NameError) Error() string { return "thaw: " + e.Part + ": " + e.Err.Error() }

// Unwrap returns the rule.
func (e *NameError) Unwrap() error { return e.Err }

// ExpectError says that an entity was not in the state that an append expected.
type ExpectError struct {
	Entity   string
	Expected Expected
	Actual   State
}

// Error names the entity, what was expected and what is.
func (e *ExpectError) Error() string {
	return "thaw: entity " + strconv.Quote(e.Entity) + ": expected " + e.Expected.String() + ", is at " + e.Actual.String()
}

// Unwrap returns ErrConflict.
func (e *ExpectError) Unwrap() error { return ErrConflict }

// String is "no events" or "clock N".
func (s State) String() string {
	if !s.Some {
		return "no events"
	}
	return "clock " + strconv.FormatUint(uint64(s.Clock), 10)
}

// KeyError says that an append is no repetition of the event that has its key. One
// of Differs, Cancelled, Partial and Twice is set.
type KeyError struct {
	ID event.ID
	// Sequence is that of the event which has the key; with Twice it means nothing.
	Sequence uint64
	// Differs lists what that event has otherwise: of "entity", "scope", "kind" and
	// "payload", in this order.
	Differs []string
	// Cancelled says that the event was cancelled with its fence.
	Cancelled bool
	// Partial says that other items of the same batch are not there.
	Partial bool
	// Twice says that two items of one batch have the key.
	Twice bool
}

// Error names the key, the event that has it and what is wrong.
func (e *KeyError) Error() string {
	s := "thaw: key " + e.ID.String()
	if e.Twice {
		return s + " stands twice in this batch"
	}
	s += " belongs to the event with sequence " + strconv.FormatUint(e.Sequence, 10)
	switch {
	case e.Cancelled:
		return s + ", which was cancelled"
	case e.Partial:
		return s + ", which was appended without the rest of this batch"
	}
	return s + ", which has another " + strings.Join(e.Differs, " and another ")
}

// Unwrap returns ErrKey.
func (e *KeyError) Unwrap() error { return ErrKey }

// LimitError says which limit an append exceeds.
type LimitError struct {
	// What is limited, such as "payload bytes".
	What string
	// Got is the value asked for, Max the highest one allowed.
	Got, Max uint64
}

// Error names the limit.
func (e *LimitError) Error() string {
	return "thaw: " + e.What + ": " + strconv.FormatUint(e.Got, 10) + ", at most " + strconv.FormatUint(e.Max, 10)
}

// Unwrap returns ErrLimit.
func (e *LimitError) Unwrap() error { return ErrLimit }

// ItemError says which item of a batch an error is about.
type ItemError struct {
	// Item is the number of the item, from 0.
	Item int
	Err  error
}

// Error names the item.
func (e *ItemError) Error() string { return "item " + strconv.Itoa(e.Item) + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ItemError) Unwrap() error { return e.Err }
