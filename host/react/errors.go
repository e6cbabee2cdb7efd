package react

import (
	"errors"
	"fmt"
	"strings"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

var (
	// ErrName: the name of a reactor is 1 to 128 printable ASCII characters without spaces.
	ErrName = errors.New("react: a name is 1 to 128 printable ASCII characters without spaces")
	// ErrDepth: a reaction would extend a chain of reactions beyond Options.MaxDepth.
	ErrDepth = errors.New("react: the chain of reactions is too long")
)

// EventError reports the event at which Run or Deliver stopped, or that it parked.
type EventError struct {
	// Name is that of the reactor or the delivery.
	Name     string
	ID       event.ID
	Sequence uint64
	At       event.Coordinate
	Kind     event.Kind
	// KindName is the name of the kind's type, "" if the registry does not know it.
	KindName string
	// Tries is the number of tries, 0 if the payload could not be decoded.
	Tries int
	// Err is the last error: of the handler, a *[PanicError], a *typed.DecodeError or
	// *typed.UnknownTypeError, [ErrDepth], or an error of the append.
	Err error
}

func newEventError(name string, e *typed.Envelope, tries int, err error) *EventError {
	return &EventError{Name: name, ID: e.ID, Sequence: e.Sequence, At: e.Coordinate, Kind: e.Kind, KindName: e.Name, Tries: tries, Err: err}
}

// Error names the event and the cause.
func (e *EventError) Error() string {
	kind, tries := e.Kind.String(), ""
	if e.KindName != "" {
		kind += " (" + e.KindName + ")"
	}
	if e.Tries > 1 {
		tries = fmt.Sprintf(", after %d tries", e.Tries)
	}
	return fmt.Sprintf("react: %s: event %d (%v) of kind %s, entity %q%s: %s",
		e.Name, e.Sequence, e.ID, kind, e.At.Entity, tries, strings.TrimPrefix(e.Err.Error(), "react: "))
}

// Unwrap returns the cause.
func (e *EventError) Unwrap() error { return e.Err }

// PanicError reports a handler that panicked, or that ended its goroutine with
// runtime.Goexit. It is not tried again: the handler may have left a lock or a half-changed
// state.
type PanicError struct {
	// Value is that of the panic, nil after runtime.Goexit.
	Value any
	// Stack is the stack of the panic, as debug.Stack formats it.
	Stack []byte
}

// Error returns the value of the panic.
func (e *PanicError) Error() string {
	if e.Value == nil {
		return "react: the handler ended its goroutine"
	}
	return fmt.Sprintf("react: the handler panicked: %v", e.Value)
}

// Unwrap returns the value of the panic if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// ofStore reports whether an error is about the store, its disk or the use of its policy, and
// not about one event. Parking the event would not help: the next one fails too.
func ofStore(err error) bool {
	for _, class := range []error{host.ErrClosed, host.ErrFailed, host.ErrNoPermit, gate.ErrBypass} {
		if errors.Is(err, class) {
			return true
		}
	}
	var write *host.WriteError
	var record *host.RecordError
	return errors.As(err, &write) || errors.As(err, &record)
}
