package typed

import (
	"errors"
	"fmt"

	"github.com/thawlog/thaw/core/event"
)

// Errors of a definition. A *DefinitionError wraps one of them, or the *host.KindError of
// a kind that an application may not use, or the error of package payload for a type of
// which it cannot encode every value, or not decode it again.
var (
	// ErrName: a name is 1 to 128 bytes of printable ASCII without spaces.
	ErrName = errors.New("typed: a name is 1 to 128 printable ASCII characters without spaces")
	// ErrKindTwice: two definitions have one kind.
	ErrKindTwice = errors.New("typed: the kind is defined twice")
	// ErrNameTwice: two definitions have one name.
	ErrNameTwice = errors.New("typed: the name is defined twice")
	// ErrTypeTwice: two definitions are of one Go type, so that a value has no single kind.
	ErrTypeTwice = errors.New("typed: the Go type is defined twice")
	// ErrNoType: a Type was not made by Event, or the Go type is an interface, a pointer or
	// host.Raw, which an append stores as it is.
	ErrNoType = errors.New("typed: not a type of values")
	// ErrNoFields: the Go type is a struct of which no field is exported, so that its
	// payloads would be empty.
	ErrNoFields = errors.New("typed: the struct has fields, but no exported ones")
	// ErrNoUpcast: an older kind has no function that makes today's value.
	ErrNoUpcast = errors.New("typed: the older kind has no upcast")
)

// DefinitionError reports a definition that cannot be part of a registry.
type DefinitionError struct {
	Kind event.Kind
	Name string
	Err  error
}

// Error names the definition and the cause.
func (e *DefinitionError) Error() string {
	return fmt.Sprintf("%v: kind %v, name %q", e.Err, e.Kind, e.Name)
}

// Unwrap returns the cause.
func (e *DefinitionError) Unwrap() error { return e.Err }

// ErrUnknownType is the class of every *UnknownTypeError.
var ErrUnknownType = errors.New("typed: the registry has no such type")

// UnknownTypeError reports a value whose Go type is not in the registry.
type UnknownTypeError struct{ Type string }

// Error names the Go type.
func (e *UnknownTypeError) Error() string { return ErrUnknownType.Error() + ": " + e.Type }

// Unwrap returns ErrUnknownType.
func (e *UnknownTypeError) Unwrap() error { return ErrUnknownType }

// DecodeError reports an event whose payload is not a value of its type.
type DecodeError struct {
	ID       event.ID
	Sequence uint64
	Kind     event.Kind
	// Name is that of the kind's type.
	Name string
	// Err is an error of package payload, or a *[PanicError] of an upcast.
	Err error
}

// Error names the event and the cause.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("typed: event %d (%v) of kind %v is no %s: %v", e.Sequence, e.ID, e.Kind, e.Name, e.Err)
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// PanicError reports an upcast that panicked, or another function that a package above this
// one called.
type PanicError struct {
	Value any
	// Stack is the stack of the panic, as debug.Stack formats it.
	Stack []byte
}

// Error returns the value of the panic, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value of the panic if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
