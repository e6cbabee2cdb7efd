package payload

import (
	"errors"
	"strings"

	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/core/payload"
)

// The classes of errors. Every error about the bytes of the input is an [*Error] that unwraps to one of these, which
// are those of the core's package payload.
var (
	ErrTruncated    = payload.ErrTruncated
	ErrTrailing     = payload.ErrTrailing
	ErrMalformed    = payload.ErrMalformed
	ErrTooDeep      = payload.ErrTooDeep
	ErrTooLarge     = payload.ErrTooLarge
	ErrRange        = payload.ErrRange
	ErrInexact      = payload.ErrInexact
	ErrDuplicateKey = payload.ErrDuplicateKey
	// ErrType means that the bytes are valid but do not fit the Go value, or that the Go value has no MessagePack
	// form.
	ErrType = errors.New("type mismatch")
)

// Error is an error with its offset in the input.
type Error = payload.Error

// TypeError is returned by Marshal and Unmarshal for an error of the Go value, which has no offset. It is both
// ErrType and, if there is one, its cause: ErrRange or ErrInexact for a number.
type TypeError struct {
	// Path leads to the value that Unmarshal could not decode, such as .lines[2].qty, with field names and keys as in
	// the payload. It is empty for the payload as a whole.
	Path  string
	Cause error
}

func (e *TypeError) Error() string {
	s := "payload: " + ErrType.Error()
	if e.Path != "" {
		s += " at " + strings.TrimPrefix(e.Path, ".")
	}
	return s + ": " + escape.Text(e.Cause.Error()) // may quote the payload
}

// Unwrap returns ErrType and the cause.
func (e *TypeError) Unwrap() []error { return []error{ErrType, e.Cause} }

// under adds a step to the path of an error.
func under(step string, err error) error {
	if e, ok := err.(*TypeError); ok {
		e.Path = step + e.Path
		return e
	}
	return &TypeError{Path: step, Cause: err}
}
