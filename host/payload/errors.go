package payload

import (
	"errors"

	"github.com/thawlog/thaw/core/payload"
)

// The classes of failure. Every error that concerns the bytes of the input is an [*Error] that unwraps to one of
// these; they are those of the core's package payload.
var (
	ErrTruncated    = payload.ErrTruncated
	ErrTrailing     = payload.ErrTrailing
	ErrMalformed    = payload.ErrMalformed
	ErrTooDeep      = payload.ErrTooDeep
	ErrTooLarge     = payload.ErrTooLarge
	ErrRange        = payload.ErrRange
	ErrDuplicateKey = payload.ErrDuplicateKey
	// ErrType: the bytes are sound but do not fit the Go value, or the Go value has no MessagePack form.
	ErrType = errors.New("type mismatch")
)

// Error says where in the input a failure was found and why.
type Error = payload.Error

// TypeError is returned by Marshal and Unmarshal when the Go side is the reason: there is no offset to give.
// It is both ErrType and, when there is one, its cause.
type TypeError struct {
	Cause error
}

func (e *TypeError) Error() string { return "payload: " + ErrType.Error() + ": " + e.Cause.Error() }

// Unwrap returns ErrType and the cause.
func (e *TypeError) Unwrap() []error { return []error{ErrType, e.Cause} }
